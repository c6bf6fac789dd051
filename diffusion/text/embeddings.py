"""Textual inversion: token vectors in small files, named in a prompt as `embedding:name` (Gal et al. 2022).

lookup = find_embedding([Path("models/embeddings")])
load_embedding(lookup("easynegative"), width=768)  # (vectors, 768)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion.errors import DiffusionError

EmbeddingLookup = Callable[[str], Path | None]
"""From a name in a prompt to its file, or None."""

EXTENSIONS = ("", ".safetensors", ".pt", ".bin")
ENCODER_KEYS = ("clip_l", "clip_g", "t5xxl")  # in files for several encoders: the vectors for each
BUNDLE_PREFIX = "bundle_emb."  # embeddings inside a LoRA file


def no_embeddings(name: str) -> Path | None:
    """Know no embedding at all."""
    return None


def find_embedding(folders: Iterable[Path]) -> EmbeddingLookup:
    """Return a lookup in folders (and those below them), with or without the extension; it never leaves them."""
    roots = tuple(Path(folder) for folder in folders)

    def lookup(name: str) -> Path | None:
        places = (folder for root in roots for folder in (root, *sorted(filter(Path.is_dir, root.rglob("*")))))
        found = (_file_in(folder, f"{name}{extension}") for folder in places for extension in EXTENSIONS)
        return next((path for path in found if path is not None), None)

    return lookup


def _file_in(folder: Path, name: str) -> Path | None:
    """Return an existing file below a folder; links are followed, `..` is not."""
    path = os.path.normpath(os.path.join(folder.absolute(), name))
    inside = Path(path).is_relative_to(folder.absolute())
    return Path(path) if inside and os.path.isfile(path) else None  # isfile: False for names that cannot be


def load_embedding(path: Path, width: int) -> Tensor:
    """Return the vectors of a file: (vectors, width), float32."""
    vectors = _choose(_read(path), path, width)
    vectors = vectors.detach().float().reshape(-1, vectors.shape[-1])
    if vectors.shape[-1] != width:
        raise DiffusionError(
            f"{path.name}: its vectors are {vectors.shape[-1]} wide, the text encoder wants {width}; "
            "it was made for another kind of model."
        )
    return vectors


def _read(path: Path) -> Any:
    try:
        if path.suffix.lower() == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # torch and safetensors raise many kinds; the file is the user's
        raise DiffusionError(f"{path.name}: not readable as an embedding ({error}).") from error


def _choose(content: Any, path: Path, width: int) -> Tensor:
    """Find the vectors in one of the layouts that are in use."""
    found: list[Tensor] = []
    if isinstance(content, list):
        tensors = [tensor for part in content for tensor in part.values()]
        found = [tensor.reshape(-1, width) for tensor in tensors if tensor.shape[-1] == width]
    elif isinstance(content, Mapping) and "string_to_param" in content:
        found = list(content["string_to_param"].values())[:1]
    elif isinstance(content, Mapping) and any(key in content for key in ENCODER_KEYS):
        named = [content[key] for key in ENCODER_KEYS if key in content]
        found = [tensor for tensor in named if tensor.shape[-1] == width]
    elif isinstance(content, Mapping):
        found = _bundled(content) or list(content.values())[:1]
    if not found or not all(isinstance(tensor, Tensor) for tensor in found):
        raise DiffusionError(f"{path.name}: holds no vectors for this text encoder ({width} wide).")
    return torch.cat(found) if len(found) > 1 else found[0]


def _bundled(content: Mapping[str, Any]) -> list[Tensor]:
    for suffix in (".string_to_param.*", f".{ENCODER_KEYS[0]}"):
        keys = [key for key in content if key.startswith(BUNDLE_PREFIX) and key.endswith(suffix)]
        if keys:
            return [content[key] for key in keys]
    return []
