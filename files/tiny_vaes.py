"""Tiny VAEs: two files in `vae_approx`, an encoder and a decoder, that loaders offer under one name, as ComfyUI does.

tiny_vae_names(folders)          # ["taesd"] if taesd_encoder.* and taesd_decoder.* are there
find_half(folders, "taesd", "decoder")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from files.folders import Folders

KIND = "vae_approx"
NAMES = ("taesd", "taesdxl", "taesd3", "taef1")
HALVES = ("encoder", "decoder")


def tiny_vae_names(folders: Folders) -> list[str]:
    """Return the names of the tiny VAEs that are there whole."""
    return [name for name in NAMES if all(find_half(folders, name, half) for half in HALVES)]


def tiny_vae_files(folders: Folders, name: str) -> tuple[Path, ...]:
    """Return encoder and decoder of a tiny VAE; nothing if one is missing, or the name is none of theirs."""
    if name not in NAMES:
        return ()
    found = [find_half(folders, name, half) for half in HALVES]
    return tuple(path for path in found if path is not None) if all(found) else ()


def find_half(folders: Folders, name: str, half: str) -> Path | None:
    """Return the first file that is a half of a tiny VAE; None if there is none."""
    if KIND not in folders.places:
        return None
    names = (file for file in folders.model_names(KIND) if file.startswith(f"{name}_{half}."))
    return next((folders.find_model(KIND, file) for file in names), None)
