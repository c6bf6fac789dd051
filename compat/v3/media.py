"""What files of videos and of sound have in common, through PyAV.

with opened("a.flac", mode="w", format="flac") as container:
    stream = container.add_stream("flac", rate=44100, layout="mono")
    container.mux(stream.encode(sound_frame(waveform, 44100, "mono")))
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import av
import numpy as np


@contextmanager
def opened(path: Any, **options: Any) -> Iterator[Any]:
    """Open a file for writing; it is removed again if that fails, at its end too."""
    container: Any = av.open(path, **options)
    try:
        with container:
            yield container
    except BaseException:
        if isinstance(path, str | os.PathLike):
            with suppress(OSError):
                os.remove(path)
        raise


def sound_frame(waveform: Any, rate: int, layout: str) -> av.AudioFrame:
    """Return sound (channels, samples) in -1..1 as one frame from time 0 on."""
    samples = np.ascontiguousarray(waveform.float().cpu().numpy())
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
    frame.sample_rate, frame.pts = rate, 0
    return frame
