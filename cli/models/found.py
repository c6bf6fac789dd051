"""The files in the folders of models, and the one that a name means.

find_file(folders_at(None), "loras/night.safetensors").path
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cli.report import UsageError
from files.containment import FolderError, contained, names_below
from files.folders import Folders
from files.kinds import KIND_ALIASES
from files.model_paths import gather_model_paths
from graph.nearest import did_you_mean

OTHERS = frozenset({"configs", "custom_nodes", "datasets", "tokenizers", "classifiers"})  # no files of weights
DIFFUSERS, INDEX = "diffusers", "model_index.json"  # models that are folders, and what is in each


class ModelFile(NamedTuple):
    """A file: its kind, its name in the folder of that kind, and where it lies."""

    kind: str
    name: str
    path: Path


def folders_at(base: Path | None) -> Folders:
    """Return the folders of a base folder, with those that its extra_model_paths.yaml names."""
    from runtime.settings import default_base

    base = base or default_base()
    if not base.is_dir():
        raise UsageError(f"--base-directory {base}: there is no such folder; name the one that holds models/.")
    return Folders.below(base, extra=gather_model_paths(base))


def files_of(folders: Folders, kind: str | None) -> Iterator[ModelFile]:
    """Yield the files of a kind, or of all kinds, folder by folder; UsageError if there is no such kind."""
    if kind is not None and KIND_ALIASES.get(kind, kind) not in folders.models:
        raise UsageError(f'There is no kind of models "{kind}"{did_you_mean(kind, folders.models)}')
    for each in sorted(folders.models) if kind is None else [KIND_ALIASES.get(kind, kind)]:
        if kind is None and each in OTHERS:
            continue
        for root in folders.model_roots(each):
            for name in sorted(names_below(root, folders.suffixes(each))):
                if (root / name).is_file():
                    yield ModelFile(each, name, root / name)
            if each == DIFFUSERS:
                yield from (ModelFile(each, path.parent.name, path.parent) for path in sorted(root.glob(f"*/{INDEX}")))


def find_file(folders: Folders, name: str) -> ModelFile:
    """Return the file of a name, with or without its kind before it; UsageError if there is none, or more than one."""
    kind, slash, rest = name.partition("/")
    kind = KIND_ALIASES.get(kind, kind)
    if slash and kind in folders.models:
        try:
            return ModelFile(kind, rest, folders.find_model(kind, rest))
        except FolderError as error:
            raise UsageError(str(error)) from error
    files = list(files_of(folders, None))
    found = [file for file in files if file.name == name and file.path.is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = " or ".join(f"{file.kind}/{name}" for file in found)
        raise UsageError(f'"{name}" is there more than once; write {kinds}.')
    raise UsageError(f'There is no file "{name}"{did_you_mean(name, (file.name for file in files))}')


def find_shown(folders: Folders, name: str) -> ModelFile:
    """Return the file of a name, or a folder: loaders take none, but it can be told what it is."""
    kind, slash, rest = name.rstrip("/").partition("/")
    kind = KIND_ALIASES.get(kind, kind)
    is_full = slash and kind in folders.models
    places = [(kind, rest)] if is_full else [(each, name) for each in sorted(folders.models) if each not in OTHERS]
    found = (_folder_of(folders, *place) for place in places)
    return next(filter(None, found), None) or find_file(folders, name)


def _folder_of(folders: Folders, kind: str, name: str) -> ModelFile | None:
    try:
        paths = [contained(root, name) for root in folders.model_roots(kind)]
    except FolderError:
        return None
    return next((ModelFile(kind, name, path) for path in paths if path.is_dir()), None)
