"""What files of videos and of sound have in common, through PyAV.

with opened("a.flac", mode="w", format="flac") as container:
    stream = container.add_stream("flac", rate=44100, layout="mono")
    container.mux(stream.encode(sound_frame(waveform, 44100, "mono")))
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from nodes.new_files import replacing


@contextmanager
def opened(path: Any, **options: Any) -> Iterator[Any]:
    """Open a file for writing, in memory or on the disk; there it appears when it is whole, or stays as it was."""
    if not isinstance(path, str | os.PathLike):
        with av.open(path, **options) as container:
            yield container
        return
    with replacing(Path(path)) as temporary, av.open(temporary, **options) as container:
        yield container


def open_encoder(context: Any) -> None:
    """Open an encoder, and take back what it does to the process's threads.

    SVT-AV1 gives them real-time priority where it may (as root), the caller too, and programs that it starts inherit it:
    other programs of the machine then do not get on any more.
    """
    before = _scheduling()
    context.open()
    for thread, policy in _scheduling().items():
        if policy != (usual := before.get(thread, before[threading.get_native_id()])):
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setscheduler(thread, usual.policy, os.sched_param(usual.priority))


class _Policy(NamedTuple):
    policy: int
    priority: int


def _scheduling() -> dict[int, _Policy]:
    """Return how the threads of this process are scheduled; SVT-AV1 knows no other system than Linux for that."""
    found = {}
    for name in os.listdir("/proc/self/task") if sys.platform == "linux" else ():
        with suppress(ProcessLookupError):
            found[int(name)] = _Policy(os.sched_getscheduler(int(name)), os.sched_getparam(int(name)).sched_priority)
    return found


def sound_frame(waveform: Any, rate: int, layout: str) -> av.AudioFrame:
    """Return sound (channels, samples) in -1..1 as one frame from time 0 on."""
    samples = np.ascontiguousarray(waveform.float().cpu().numpy())
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
    frame.sample_rate, frame.pts = rate, 0
    return frame
