"""The user's folder, laid out as ComfyUI's: `default/comfy.settings.json`, `default/workflows/…`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec

from files.containment import is_shown, is_text
from serving.file_names import inside
from serving.file_store import is_temporary, write_atomic
from serving.settings import ServeSettings

logger = logging.getLogger(__name__)
DEFAULT_USER = "default"
LISTED_FOLDERS = ("workflows", "subgraphs", "workflow_thumbnails")
SETTINGS_FILE = "comfy.settings.json"


class FileInfo(msgspec.Struct):
    """A file of the user; times in milliseconds since 1970."""

    path: str
    size: int
    modified: int
    created: int


class Entry(msgspec.Struct, omit_defaults=True):
    """A file or folder of the user; modified in seconds since 1970. Folders have neither size nor time."""

    name: str
    path: str
    type: str
    size: int | None = None
    modified: float | None = None


def user_root(settings: ServeSettings, user: str = DEFAULT_USER) -> Path:
    """Return the folder of a user."""
    return settings.user / user


def prepare_user_folder(settings: ServeSettings) -> None:
    """Make the folders that editors list at their start."""
    for name in LISTED_FOLDERS:
        (user_root(settings) / name).mkdir(parents=True, exist_ok=True)


def user_path(root: Path, name: str, status: int = 403) -> Path:
    """Return the real path of a name below a user's folder, which is decoded once more if it has a "%", as in ComfyUI."""
    return inside(root, unquote(name) if "%" in name else name, status)


def shown_path(name: str) -> str:
    """Return a name as answers show it."""
    return os.path.normpath(unquote(name) if "%" in name else name).replace(os.sep, "/")


def file_info(path: Path, shown: str) -> FileInfo:
    """Return a file's size and times."""
    found = path.stat()
    return FileInfo(shown, found.st_size, int(found.st_mtime * 1000), int(found.st_ctime * 1000))


def walk_files(folder: Path, *, is_deep: bool) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder that are not hidden, as names from there and paths; links are not followed."""
    for current, subfolders, files in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if is_deep and is_shown(name))
        for name in sorted(files):
            path = Path(current, name)
            if is_shown(name) and path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path


def list_entries(folder: Path, shown: str) -> list[Entry]:
    """Return all that is below a folder: folders first, each by name. shown: the folder's own name, "" for the root."""
    found: list[Entry] = []
    for current, subfolders, files in os.walk(folder):
        subfolders[:] = filter(is_text, subfolders)
        where = "/".join(
            part for part in (shown, Path(current).relative_to(folder).as_posix()) if part not in ("", ".")
        )
        prefix = f"{where}/" if where else ""
        found += [Entry(name, prefix + name, "directory") for name in subfolders]
        found += [
            _file_entry(Path(current, name), prefix + name)
            for name in files
            if is_text(name) and not is_temporary(name)
        ]
    return sorted(found, key=lambda entry: (entry.type != "directory", entry.name.lower()))


def _file_entry(path: Path, shown: str) -> Entry:
    try:
        found = path.lstat()
    except OSError:
        return Entry(path.name, shown, "file")
    return Entry(path.name, shown, "file", found.st_size, found.st_mtime)


def read_settings(root: Path) -> dict[str, Any]:
    """Return what the front end keeps here; nothing if there is no file, or a broken one."""
    path = root / SETTINGS_FILE
    try:
        found = msgspec.json.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        logger.warning("%s is not read: %s.", path, error)
        return {}
    return found if isinstance(found, dict) else {}


def change_settings(root: Path, changes: dict[str, Any]) -> None:
    """Add to what the front end keeps here. It runs in the loop's thread, so that changes do not overtake each other.

    A file that cannot be read is kept as `comfy.settings.json.broken`.
    """
    path = root / SETTINGS_FILE
    known = read_settings(root)
    if not known and path.is_file() and path.read_bytes().strip() not in (b"", b"{}"):
        os.replace(path, path.with_name(f"{SETTINGS_FILE}.broken"))
    write_atomic(path, msgspec.json.format(msgspec.json.encode({**known, **changes}), indent=4))
