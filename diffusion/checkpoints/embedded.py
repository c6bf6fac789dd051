"""Files within files of weights: tokenizers lie in text encoders as tensors of bytes (`spiece_model`, `tekken_model`).

tokenizer = tokenizer_for("umt5", weights)
"""

from __future__ import annotations

from collections.abc import Callable

from tokenizers import Tokenizer

from diffusion.checkpoints.fill import Weights, open_weights
from diffusion.checkpoints.header import Header
from diffusion.text.vocabularies import FOLDER, load_tokenizer


def tokenizer_for(name: str, weights: Weights) -> Tokenizer:
    """Return the tokenizer of a text encoder: from the folders of tokenizers, from inside its file, or bundled.

    The folders are those that the weights know, then `tokenizers` beside that of the file. CheckpointError names the file that
    is missing, its place and the command that fetches it.
    """
    header = weights.header
    folder = header.path.parent
    beside = [place.parent / FOLDER for place in (folder, folder.parent)]  # it may lie in a folder of its kind's folder
    folders = (*weights.tokenizer_folders, *beside)
    return load_tokenizer(name, folders=folders, embedded=embedded_in(header), source=header.path.name)


def embedded_in(header: Header) -> Callable[[str], bytes | None]:
    """Return what reads the bytes of a tensor by its name, under any prefix; None if the file has none of it."""

    def read(name: str) -> bytes | None:
        keys = (key for key, info in header.tensors.items() if info.dtype in ("U8", "I8") and _is_named(key, name))
        key = next(keys, None)
        return None if key is None else open_weights(header).get(key).numpy().tobytes()

    return read


def _is_named(key: str, name: str) -> bool:
    return key == name or key.endswith(f".{name}")
