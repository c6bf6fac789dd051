"""Sound as files, through PyAV.

write_sound(Path("a.flac"), waveform, 44100, "flac", "128k", {"prompt": "{}"})
read_sound(Path("a.flac"))  # {"waveform": (1, channels, samples), "sample_rate": 44100}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import torch

from nodes.media.encoding import opened, sound_frame


class SoundError(Exception):
    """A file has no sound that can be read; the sentence says which and why."""


class _Format(NamedTuple):
    """How a kind of file is encoded; `rates` are those that it knows, all if there are none."""

    codec: str
    rates: tuple[int, ...] = ()
    bit_rates: Mapping[str, int] = {}


OPTIONS: Mapping[str, _Format] = {
    "flac": _Format("flac"),
    "mp3": _Format("libmp3lame", bit_rates={"128k": 128_000, "320k": 320_000}),
    "opus": _Format(
        "libopus",
        (8_000, 12_000, 16_000, 24_000, 48_000),
        {"64k": 64_000, "96k": 96_000, "128k": 128_000, "192k": 192_000, "320k": 320_000},
    ),
}
BEST_VARIABLE_RATE = "V0"  # of mp3


def write_sound(path: Path, waveform: Any, rate: int, format: str, quality: str, texts: Mapping[str, str]) -> None:
    """Write a file of sound (channels, samples) in -1..1; a rate that the format does not know is raised to the next."""
    chosen = OPTIONS[format]
    layout = "mono" if waveform.shape[0] == 1 else "stereo"
    target = next((each for each in chosen.rates if each >= rate), chosen.rates[-1]) if chosen.rates else rate
    with opened(path, mode="w", format=format) as container:
        container.metadata.update(texts)
        stream: Any = container.add_stream(chosen.codec, rate=target, layout=layout)
        if quality in chosen.bit_rates:
            stream.bit_rate = chosen.bit_rates[quality]
        elif quality == BEST_VARIABLE_RATE and format == "mp3":
            stream.codec_context.qscale = True  # a variable rate, of the best quality
        for frame in _frames(waveform, rate, target, layout):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read_sound(path: Path) -> dict[str, Any]:
    """Return the first sound of a file, of a video too; SoundError if there is none."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise SoundError(f"{path.name} has no sound; choose a file of sound, or a video that has some.")
            stream = container.streams.audio[0]
            to_floats = av.AudioResampler(format="fltp")
            pieces = [each.to_ndarray() for frame in container.decode(stream) for each in to_floats.resample(frame)]
            rate = stream.codec_context.sample_rate
    except av.FFmpegError as error:
        raise SoundError(f"{path.name} cannot be read as sound ({error.strerror}); choose another file.") from error
    if not pieces:
        raise SoundError(f"{path.name} has no sound that can be decoded; choose another file.")
    return {"waveform": torch.from_numpy(np.concatenate(pieces, axis=1)).unsqueeze(0), "sample_rate": rate}


def _frames(waveform: Any, rate: int, target: int, layout: str) -> Iterator[av.AudioFrame]:
    frame = sound_frame(waveform, rate, layout)
    if rate == target:
        yield frame
        return
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=target)
    yield from resampler.resample(frame)
    yield from resampler.resample(None)
