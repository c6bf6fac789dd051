"""Folders: where models, inputs and outputs lie, and how a name becomes a path that stays inside its root.

folders = Folders.below(Path("."))
folders.find_model("checkpoints", "weft-demo.safetensors")  # models/checkpoints/weft-demo.safetensors
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.nearest import did_you_mean, nearest

# ComfyUI's kinds of models and the folders below models/ in which it looks for each (0.33).
MODEL_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "audio_encoders": ("audio_encoders",),
    "checkpoints": ("checkpoints",),
    "clip_vision": ("clip_vision",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "diffusers": ("diffusers",),
    "diffusion_models": ("unet", "diffusion_models"),
    "embeddings": ("embeddings",),
    "gligen": ("gligen",),
    "hypernetworks": ("hypernetworks",),
    "latent_upscale_models": ("latent_upscale_models",),
    "loras": ("loras",),
    "model_patches": ("model_patches",),
    "photomaker": ("photomaker",),
    "style_models": ("style_models",),
    "text_encoders": ("text_encoders", "clip"),
    "upscale_models": ("upscale_models",),
    "vae": ("vae",),
    "vae_approx": ("vae_approx",),
}
KIND_ALIASES: Mapping[str, str] = {"unet": "diffusion_models", "clip": "text_encoders"}
MODEL_SUFFIXES = frozenset({".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".bin", ".pth", ".pkl"})
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})


class FolderError(ValueError):
    """A name leads to no file, or out of its folder; the sentence says where one looked and what came nearest."""


@dataclass(frozen=True)
class Folders:
    """The roots of one process."""

    base: Path
    output: Path
    input: Path
    temp: Path
    models: Mapping[str, tuple[Path, ...]]

    @staticmethod
    def below(base: Path, *, output: Path | None = None, input: Path | None = None) -> Folders:
        """Return ComfyUI's tree of folders below `base`, with the outputs and inputs moved if asked."""
        models = {kind: tuple(base / "models" / name for name in names) for kind, names in MODEL_FOLDERS.items()}
        return Folders(base, output or base / "output", input or base / "input", base / "temp", models)

    def model_roots(self, kind: str) -> tuple[Path, ...]:
        """Return the folders in which models of a kind lie."""
        kind = KIND_ALIASES.get(kind, kind)
        if kind not in self.models:
            raise FolderError(f'There is no model folder "{kind}"{did_you_mean(kind, self.models)}')
        return self.models[kind]

    def model_names(self, kind: str) -> list[str]:
        """Return the names of all models of a kind, sorted, with "/" for subfolders."""
        found = {name for root in self.model_roots(kind) for name in names_below(root, MODEL_SUFFIXES)}
        return sorted(found)

    def find_model(self, kind: str, name: str) -> Path:
        """Return the file of a model; FolderError names the folder and the nearest file."""
        roots = self.model_roots(kind)
        for root in roots:
            path = contained(root, name)
            if path.is_file():
                return path
        raise FolderError(_no_model(name, roots, self.model_names(kind)))

    def input_path(self, name: str) -> Path:
        """Return an existing input file; "name [output]" and "name [temp]" reach the other roots, as in ComfyUI."""
        root = self.input
        for word, other in (("output", self.output), ("temp", self.temp), ("input", self.input)):
            if name.endswith(f" [{word}]"):
                name, root = name.removesuffix(f" [{word}]"), other
        path = contained(root, name)
        if not path.is_file():
            raise FolderError(
                _dangling(path) or f'"{name}" is not in {root}{did_you_mean(name, names_below(root, PICTURE_SUFFIXES))}'
            )
        return path

    def input_names(self) -> list[str]:
        """Return the pictures of the input folder, sorted."""
        return sorted(names_below(self.input, PICTURE_SUFFIXES))


def contained(root: Path, name: str) -> Path:
    """Return `root/name` with links resolved; FolderError if that leaves the root.

    A link inside the root may point anywhere: whoever made it could have copied the file. A name may not.
    """
    if "\x00" in name or os.path.isabs(name) or ".." in Path(name.replace("\\", "/")).parts:
        raise FolderError(f'"{name}" leads outside {root}; use a name below that folder.')
    return root / name


def names_below(root: Path, suffixes: frozenset[str]) -> Iterator[str]:
    """Yield the files with one of the suffixes, as names from the root; links are followed, hidden files are not shown."""
    for folder, subfolders, files in os.walk(root, followlinks=True):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in files:
            if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                yield (Path(folder) / name).relative_to(root).as_posix()


def _no_model(name: str, roots: tuple[Path, ...], names: list[str]) -> str:
    """Say why there is no file of that name: its link is broken, or where one looked and what is there instead."""
    broken = next(filter(None, (_dangling(root / name) for root in roots)), None)
    if broken is not None:
        return broken
    where = " or ".join(str(root) for root in roots)
    meant = nearest(name, names)
    listed = f"; there is: {', '.join(names[:5])}." if names else "; the folder is empty."
    hint = listed if meant is None else did_you_mean(name, names)
    return f'"{name}" is not in {where}{hint} Put the file there, or choose another.'


def _dangling(path: Path) -> str | None:
    """Say where a link leads that leads nowhere."""
    if not path.is_symlink():
        return None
    return f"{path} is a link to {path.readlink()}, which is not there; put the file there, or mend the link."
