"""Operators that read sound from files and write it."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Annotated, Any, NamedTuple

from graph.annotations import Opens
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File, FilePrefix
from nodes.file_names import expand_node_values, free_names, temporary_prefix
from nodes.host import host_of
from nodes.media.sound import BEST_VARIABLE_RATE, OPTIONS, SoundError, read_sound, write_sound
from nodes.new_files import write_new
from nodes.sockets import Sound

SoundFile = Annotated[str, File("input_sound", upload=True, content="audio")]
FLAC, USUAL_RATE = "flac", "128k"


class ShownSound(NamedTuple):
    """The sound, passed on."""

    audio: Sound


class Flac(NamedTuple):
    """Nothing is lost."""


class Mp3(NamedTuple):
    """quality: V0 is a variable rate, of the best quality."""

    quality: Annotated[str, Choice((BEST_VARIABLE_RATE, *OPTIONS["mp3"].bit_rates))] = BEST_VARIABLE_RATE


class Opus(NamedTuple):
    """The best sound in the fewest bytes."""

    quality: Annotated[str, Choice(OPTIONS["opus"].bit_rates)] = USUAL_RATE


@node(category="audio", display_name="Load Audio")
def LoadAudio(audio: SoundFile, *, run: Run) -> Sound:
    """Load the sound of a file of the input folder, which may be a video."""
    return read_sound(host_of(run).input_path(audio))


@node(category="audio", display_name="Save Audio (Advanced)", output=True)
def SaveAudioAdvanced(
    audio: Sound,
    filename_prefix: Annotated[str, FilePrefix()] = "audio/ComfyUI",
    *,
    format: Annotated[Flac | Mp3 | Opus, Opens({"flac": Flac, "mp3": Mp3, "opus": Opus})],
    run: Run,
) -> ShownSound:
    """Save sound below the output folder; the workflow is kept inside the file.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd% or %KSampler.seed%.
    """
    return _saved(audio, filename_prefix, run, type(format).__name__.lower(), getattr(format, "quality", USUAL_RATE))


@node(category="audio", display_name="Save Audio (FLAC) (DEPRECATED)", output=True, deprecated=True)
def SaveAudio(audio: Sound, filename_prefix: Annotated[str, FilePrefix()] = "audio/ComfyUI", *, run: Run) -> ShownSound:
    """Save sound as FLAC below the output folder; the workflow is kept inside the file."""
    return _saved(audio, filename_prefix, run)


@node(category="audio", display_name="Preview Audio", output=True)
def PreviewAudio(audio: Sound, *, run: Run) -> ShownSound:
    """Play sound; its file is temporary."""
    run.show("audio", save_sound(_there(audio), temporary_prefix(), run, temporary=True))
    return ShownSound(audio)


def _saved(audio: Any, prefix: str, run: Run, format: str = FLAC, quality: str = USUAL_RATE) -> ShownSound:
    prefix = expand_node_values(prefix, run.prompt)
    run.show("audio", save_sound(_there(audio), prefix, run, format, quality))
    return ShownSound(audio)


def _there(audio: Any) -> Any:
    if audio is None:
        raise SoundError("There is no sound to save; the video that it should come from may have none.")
    return audio


def save_sound(
    audio: Any, prefix: str, run: Run, format: str = FLAC, quality: str = USUAL_RATE, *, temporary: bool = False
) -> list[dict[str, Any]]:
    """Write each sound of a batch; return what clients need to fetch the files."""
    host = host_of(run)
    place = host.output_path(prefix, 0, 0, temporary=temporary)
    texts, rate = host.metadata(run), int(audio["sample_rate"])
    counters = itertools.count(place.counter)
    shown = []
    for index, waveform in enumerate(audio["waveform"]):
        run.check_cancelled()
        write = partial(write_sound, waveform=waveform, rate=rate, format=format, quality=quality, texts=texts)
        free = free_names(place, index, counters, f".{format}")
        name = next(name for name in free if write_new(place.folder / name, write))
        shown.append({"filename": name, "subfolder": place.subfolder, "type": place.type})
    return shown
