"""Tokenizers of text encoders other than CLIP's: from the user's folders, from inside the encoder's file, or bundled.

    tokenizer = load_tokenizer("t5")
    tokenizer.encode("Hello world", add_special_tokens=False).ids  # [8774, 296]

All are `tokenizers.Tokenizer`. A tokenizer that is nowhere is an error that names the file, its place and the command that
fetches it. Those of T5 and Qwen come with the project.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer

from diffusion.errors import CheckpointError
from diffusion.names import known_entry
from diffusion.text.vocabularies.bundled import qwen_tokenizer, t5_tokenizer
from diffusion.text.vocabularies.sentencepiece import sentencepiece_tokenizer
from diffusion.text.vocabularies.tekken import tekken_tokenizer

FOLDER = "tokenizers"  # below models/; each tokenizer has a folder of its name there
Embedded = Callable[[str], bytes | None]
"""Gives the bytes of a tensor of the text encoder's file, None if it has none of that name."""

READERS: Mapping[str, Callable[[bytes], Tokenizer]] = {  # by the name of the file in a tokenizer's folder
    "tokenizer.json": Tokenizer.from_buffer,
    "spiece.model": sentencepiece_tokenizer,
    "tokenizer.model": sentencepiece_tokenizer,
    "tekken.json": tekken_tokenizer,
}


class Vocabulary(NamedTuple):
    """One tokenizer: for people; where to get a file of it; the tensor in which files of weights carry it; the bundled one."""

    title: str
    hub_file: str
    tensor: str | None = None
    read_tensor: Callable[[bytes], Tokenizer] = sentencepiece_tokenizer
    bundled: Callable[[], Tokenizer] | None = None


VOCABULARIES: Mapping[str, Vocabulary] = {
    "t5": Vocabulary("T5", "google/t5-v1_1-xxl/spiece.model", "spiece_model", bundled=t5_tokenizer),
    "umt5": Vocabulary("UMT5", "google/umt5-xxl/spiece.model", "spiece_model"),
    "pile_t5": Vocabulary("Pile-T5", "fal/AuraFlow/tokenizer/tokenizer.json"),
    "qwen": Vocabulary("Qwen", "Qwen/Qwen2.5-VL-7B-Instruct/tokenizer.json", bundled=qwen_tokenizer),
    "mistral": Vocabulary(
        "Mistral", "mistralai/Mistral-Small-3.2-24B-Instruct-2506/tekken.json", "tekken_model", tekken_tokenizer
    ),
}


def nothing_embedded(name: str) -> bytes | None:
    """Find no tensor."""
    return None


def load_tokenizer(
    name: str, *, folders: Sequence[Path] = (), embedded: Embedded = nothing_embedded, source: str = ""
) -> Tokenizer:
    """Return a tokenizer by its name in VOCABULARIES; CheckpointError if it is nowhere, or damaged.

    folders: those for tokenizers (models/tokenizers); a file there wins. embedded: the tensors of the encoder's file
    (diffusion.checkpoints.embedded). source: the name of that file, for the sentence.
    """
    vocabulary = known_entry("tokenizer", name, VOCABULARIES)
    for folder in folders:
        for file_name, read in READERS.items():
            path = folder / name / file_name
            if path.is_file():
                return _read(str(path), read, path.read_bytes())
    content = embedded(vocabulary.tensor) if vocabulary.tensor is not None else None
    if content is not None:
        return _read(f"{source or 'the text encoder'}, {vocabulary.tensor}", vocabulary.read_tensor, content)
    if vocabulary.bundled is not None:
        return _once(vocabulary.bundled)
    raise CheckpointError(_missing(name, vocabulary, folders, source))


@cache
def _once(bundled: Callable[[], Tokenizer]) -> Tokenizer:
    """Read a bundled tokenizer once in a process; nobody may change it."""
    return bundled()


def _read(where: str, read: Callable[[bytes], Tokenizer], content: bytes) -> Tokenizer:
    try:
        return read(content)
    except Exception as error:  # the tokenizers library raises bare Exception for what it cannot read
        raise CheckpointError(f"{where}: the tokenizer cannot be read: {error}. Get the file again.") from error


def _missing(name: str, vocabulary: Vocabulary, folders: Sequence[Path], source: str) -> str:
    folder = (folders[0] if folders else Path("models") / FOLDER) / name
    file_name = vocabulary.hub_file.rsplit("/", 1)[-1]
    files = " or ".join(dict.fromkeys((file_name, "tokenizer.json")))
    inside = f"it is not in the text encoder's file (the tensor {vocabulary.tensor}), and " if vocabulary.tensor else ""
    carried = "Use a text encoder as repackaged for ComfyUI, which carries it, or put" if vocabulary.tensor else "Put"
    return (
        f"{source + ': ' if source else ''}the tokenizer of {vocabulary.title} is missing: {inside}"
        f"there is no {files} in {folder}. {carried} the file there: "
        f"weft models get {vocabulary.hub_file} --to {FOLDER}/{name}"
    )
