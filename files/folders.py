"""Folders: where models, inputs and outputs lie, and how a name becomes a path that stays inside its root.

folders = Folders.below(Path("."))
folders.find_model("checkpoints", "weft-demo.safetensors")  # models/checkpoints/weft-demo.safetensors
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from files.containment import FolderError, contained, names_below
from files.kinds import (
    BASE_FOLDERS,
    INPUT_SUFFIXES,
    KIND_ALIASES,
    MODEL_FOLDERS,
    OWN_FOLDERS,
    SAVED_KINDS,
    Place,
    suffixes_of,
)
from files.known_files import fetch_command
from files.model_paths import ModelPath
from files.tiny_vaes import KIND as APPROXIMATE
from files.tiny_vaes import tiny_vae_files, tiny_vae_names
from graph.nearest import did_you_mean, nearest

__all__ = ["FolderError", "Folders"]

VAES = "vae"
CHOSEN_SUFFIXES = frozenset[str]().union(*INPUT_SUFFIXES.values())


@dataclass(frozen=True)
class Folders:
    """The roots of one process.

    places: the folders of models by kind. Whoever loads node packs may let them add kinds and folders, in place, so a value
    may be any pair of folders and suffixes.
    """

    base: Path
    output: Path
    input: Path
    temp: Path
    user: Path
    places: dict[str, Place]

    @staticmethod
    def below(
        base: Path,
        *,
        output: Path | None = None,
        input: Path | None = None,
        temp: Path | None = None,
        user: Path | None = None,
        models: Path | None = None,
        extra: Iterable[ModelPath] = (),
    ) -> Folders:
        """Return ComfyUI's tree of folders below `base`, with some of them elsewhere if asked.

        extra: more folders of models, as files.model_paths reads them.
        """
        tree = models or base / "models"
        kinds = {kind: tuple(tree / name for name in names) for kind, names in (MODEL_FOLDERS | OWN_FOLDERS).items()}
        kinds |= {kind: (base / kind,) for kind in BASE_FOLDERS}
        output = output or base / "output"
        saved = [ModelPath(kind, output / kind) for kind in SAVED_KINDS]
        return Folders(
            base,
            output,
            input or base / "input",
            temp or base / "temp",
            user or base / "user",
            {
                kind: Place([str(path) for path in paths], suffixes_of(kind))
                for kind, paths in _with_more(kinds, (*extra, *saved)).items()
            },
        )

    @property
    def models(self) -> Mapping[str, tuple[Path, ...]]:
        """The folders of models by kind."""
        return {kind: tuple(map(Path, folders)) for kind, (folders, _) in self.places.items()}

    def change_places(self, places: Mapping[str, Place]) -> None:
        """Look for models in these places from now on."""
        self.places.clear()
        self.places.update(places)

    def root(self, kind: str) -> Path | None:
        """Return the folder of `input`, `output` or `temp`; None for another word."""
        return {"input": self.input, "output": self.output, "temp": self.temp}.get(kind)

    def model_roots(self, kind: str) -> tuple[Path, ...]:
        """Return the folders in which models of a kind lie."""
        kind = KIND_ALIASES.get(kind, kind)
        if kind not in self.places:
            raise FolderError(f'There is no model folder "{kind}"{did_you_mean(kind, self.places)}')
        return tuple(map(Path, self.places[kind][0]))

    def home_of(self, kind: str) -> Path:
        """Return the folder into which a new model of a kind goes: the first that is there, else the first."""
        roots = self.model_roots(kind)
        return next((root for root in roots if root.is_dir()), roots[0])

    def suffixes(self, kind: str) -> frozenset[str]:
        """Return how names of files of a kind end; nothing for a kind of which every file is."""
        return frozenset(self.places[KIND_ALIASES.get(kind, kind)][1])

    def model_names(self, kind: str) -> list[str]:
        """Return the names of all models of a kind, sorted, with "/" for subfolders."""
        roots = self.model_roots(kind)
        suffixes = self.suffixes(kind)
        return sorted({name for root in roots for name in names_below(root, suffixes)})

    def choices(self, kind: str) -> list[str]:
        """Return the names that loaders of a kind offer: its files, and what stands for several (tiny VAEs)."""
        return [*self.model_names(kind), *(tiny_vae_names(self) if kind == VAES else ())]

    def choice_roots(self, kind: str) -> tuple[Path, ...]:
        """Return the folders on whose files the choices of a kind depend."""
        more = self.model_roots(APPROXIMATE) if kind == VAES and APPROXIMATE in self.places else ()
        return (*self.model_roots(kind), *more)

    def tiny_vae_files(self, kind: str, name: str) -> tuple[Path, ...]:
        """Return the two files that a choice of a VAE stands for; nothing if it is a file itself."""
        return tiny_vae_files(self, name) if kind == VAES else ()

    def find_model(self, kind: str, name: str) -> Path:
        """Return the file of a model; FolderError names the folder and the nearest file."""
        roots = self.model_roots(kind)
        for root in roots:
            path = contained(root, name)
            if path.is_file():
                return path
        raise FolderError(_no_model(kind, name, roots, self.model_names(kind)))

    def input_path(self, name: str) -> Path:
        """Return an existing input file; "name [output]" and "name [temp]" reach the other roots, as in ComfyUI."""
        name, kind = split_annotation(name)
        root = self.root(kind or "input") or self.input
        path = contained(root, name)
        if not path.is_file():
            raise FolderError(
                _dangling(path) or f'"{name}" is not in {root}{did_you_mean(name, names_below(root, CHOSEN_SUFFIXES))}'
            )
        return path

    def input_names(self, kind: str = "input") -> list[str]:
        """Return the pictures of the input folder, sorted; or its sounds or videos, by their kind."""
        return sorted(names_below(self.input, INPUT_SUFFIXES[kind]))


def split_annotation(name: str) -> tuple[str, str | None]:
    """Return "name [output]" as the name and its folder's word; None if it names no folder."""
    for word in ("output", "input", "temp"):
        if name.endswith(f" [{word}]"):
            return name.removesuffix(f" [{word}]"), word
    return name, None


def _with_more(models: Mapping[str, tuple[Path, ...]], extra: Iterable[ModelPath]) -> Mapping[str, tuple[Path, ...]]:
    """Add folders to their kinds: before the others if they are to be the default, else behind them, each once."""
    found = dict(models)
    for each in extra:
        kind = KIND_ALIASES.get(each.kind, each.kind)
        others = tuple(path for path in found.get(kind, ()) if path != each.path)
        if each.is_default:
            found[kind] = (each.path, *others)
        elif len(others) == len(found.get(kind, ())):
            found[kind] = (*others, each.path)
    return found


def _no_model(kind: str, name: str, roots: tuple[Path, ...], names: list[str]) -> str:
    """Say why there is no file of that name: its link is broken, or where one looked and what is there instead."""
    broken = next(filter(None, (_dangling(root / name) for root in roots)), None)
    if broken is not None:
        return broken
    where = " or ".join(str(root) for root in roots if root.is_dir()) or str(roots[0])
    meant = nearest(name, names)
    listed = f"; there is: {', '.join(names[:5])}." if names else "; the folder is empty."
    hint = listed if meant is None else did_you_mean(name, names)
    command = fetch_command(KIND_ALIASES.get(kind, kind), name)
    remedy = "Put the file there, or choose another." if command is None else f"Fetch it: {command}"
    return f'"{name}" is not in {where}{hint} {remedy}'


def _dangling(path: Path) -> str | None:
    """Say where a link leads that leads nowhere."""
    if not path.is_symlink():
        return None
    return f"{path} is a link to {path.readlink()}, which is not there; put the file there, or mend the link."
