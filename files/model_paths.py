"""ComfyUI's extra_model_paths.yaml: more folders in which models lie.

    read_model_paths(Path("extra_model_paths.yaml"))  # (ModelPath("checkpoints", Path("/a1111/models/Stable-diffusion")), …)

A section a program that keeps models, with `base_path`, `is_default` and, for each kind, one folder or one a line. Relative
folders lie below `base_path`, and that below the folder of the file. Kinds that nobody knows yet become new kinds.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from files.containment import FolderError

FILE_NAME = "extra_model_paths.yaml"  # is read without being asked for if it lies in the base folder


class ModelPath(NamedTuple):
    """A folder of models. `is_default`: it comes before those that are there."""

    kind: str
    path: Path
    is_default: bool = False


class ModelPathsError(FolderError):
    """A file is no list of model folders; the sentence names the file, the section and the key."""


def gather_model_paths(base: Path, files: Iterable[Path] = ()) -> tuple[ModelPath, ...]:
    """Return the folders of the file in the base folder, if there is one, and then those of the files named."""
    own = base / FILE_NAME
    found = [own] if own.is_file() else []
    return tuple(each for file in (*found, *files) for each in read_model_paths(file))


def read_model_paths(file: Path) -> tuple[ModelPath, ...]:
    """Return the folders that a file names, in its order; ModelPathsError says what is wrong with it."""
    document = _load(file)
    if document is None:  # all of it is commented out
        return ()
    if not isinstance(document, dict):
        raise ModelPathsError(f"{file}: {_word(document)} was found; expected sections, such as `comfyui:`.")
    return tuple(each for name, section in document.items() for each in _read_section(file, str(name), section))


def _load(file: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ModelPathsError(f"{file} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ModelPathsError(f"{file} is not YAML: {' '.join(str(error).split())}.") from error


def _read_section(file: Path, name: str, section: Any) -> Iterator[ModelPath]:
    if section is None:
        return
    if not isinstance(section, Mapping):
        raise ModelPathsError(
            f"{file}, {name}: {_word(section)} was found; expected kinds of models with their folders."
        )
    base = _base_of(file, name, section.get("base_path"))
    is_default = section.get("is_default", False)
    if not isinstance(is_default, bool):
        raise ModelPathsError(f"{file}, {name}.is_default: {_word(is_default)} was found; expected true or false.")
    for kind, value in section.items():
        if kind not in ("base_path", "is_default"):
            for folder in _folders_of(f"{file}, {name}.{kind}", value):
                yield ModelPath(str(kind), Path(os.path.normpath(base / folder)), is_default)


def _base_of(file: Path, name: str, value: Any) -> Path:
    """Return what relative folders of a section are relative to."""
    if value is not None and not isinstance(value, str):
        raise ModelPathsError(f"{file}, {name}.base_path: {_word(value)} was found; expected a folder.")
    expanded = os.path.expandvars(os.path.expanduser(value or ""))
    return Path(os.path.abspath(file.parent / expanded))


def _folders_of(where: str, value: Any) -> list[str]:
    """Return the folders of a kind: the lines of a text, or the items of a list."""
    lines = value.split("\n") if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ModelPathsError(f"{where}: {_word(value)} was found; expected a folder, or one a line after `|`.")
    return [line.strip() for line in lines if line.strip()]


def _word(value: Any) -> str:
    return "nothing" if value is None else f"{str(value)[:60]!r}"
