"""ComfyUI's `folder_paths` on this machine's folders.

`folder_names_and_paths` is the very mapping by which Weft finds models, so folders that a pack adds count everywhere.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from compat.file_search import Listing, is_current, is_within, list_kind, search, with_suffixes
from compat.shims.finder import lent
from files.kinds import KIND_ALIASES
from nodes.file_names import plan_save

__heeded__ = frozenset(
    {"output_directory", "temp_directory", "input_directory", "user_directory", "extension_mimetypes_cache"}
)

_folders = lent().folders

base_path: str = os.path.abspath(_folders.base)
models_dir: str = os.path.abspath(lent().launch.get("models_directory") or os.path.join(base_path, "models"))
output_directory: str = os.path.abspath(_folders.output)
input_directory: str = os.path.abspath(_folders.input)
temp_directory: str = os.path.abspath(_folders.temp)
user_directory: str = os.path.abspath(_folders.user)
__file__ = os.path.join(base_path, "folder_paths.py")  # packs look beside it for custom_nodes

folder_names_and_paths: dict[str, Any] = _folders.places  # packs put plain pairs into it
supported_pt_extensions: set[str] = folder_names_and_paths["checkpoints"][1]
filename_list_cache: dict[str, Listing] = {}
extension_mimetypes_cache = {"webp": "image", "fbx": "model"}  # what mimetypes does not know everywhere
SYSTEM_USER_PREFIX = "__"
DANGEROUS_CONTENT_TYPES = frozenset(
    {
        *("text/html", "text/html-sandboxed", "application/xhtml+xml", "text/css", "message/rfc822"),
        *("text/javascript", "application/javascript", "application/x-javascript", "application/ecmascript"),
        *("image/svg+xml", "application/xml", "text/xml"),
    }
)
ANNOTATIONS = {"[output]": "output", "[input]": "input", "[temp]": "temp"}


class CacheHelper:
    """Keeps lists for as long as it is entered, whatever changes on the disk."""

    def __init__(self) -> None:
        self.cache: dict[str, Listing] = {}
        self.active = False

    def get(self, key: str, default: Any = None) -> Any:
        """Return a list that is kept."""
        return self.cache.get(key, default) if self.active else default

    def set(self, key: str, value: Listing) -> None:
        """Keep a list."""
        if self.active:
            self.cache[key] = value

    def clear(self) -> None:
        """Forget all."""
        self.cache.clear()

    def __enter__(self) -> CacheHelper:
        self.active = True
        return self

    def __exit__(self, *error: object) -> None:
        self.active = False
        self.clear()


cache_helper = CacheHelper()


def map_legacy(folder_name: str) -> str:
    """Return today's name of a kind."""
    return KIND_ALIASES.get(folder_name, folder_name)


def set_output_directory(output_dir: str) -> None:
    """Let packs save elsewhere from now on; Weft's own nodes save where the launch said."""
    global output_directory
    output_directory = output_dir


def set_temp_directory(temp_dir: str) -> None:
    """Let packs put temporary files elsewhere."""
    global temp_directory
    temp_directory = temp_dir


def set_input_directory(input_dir: str) -> None:
    """Let packs look for inputs elsewhere."""
    global input_directory
    input_directory = input_dir


def set_user_directory(user_dir: str) -> None:
    """Let packs keep a user's files elsewhere."""
    global user_directory
    user_directory = user_dir


def get_output_directory() -> str:
    """Return where results are saved."""
    return output_directory


def get_temp_directory() -> str:
    """Return where files lie that are only shown."""
    return temp_directory


def get_input_directory() -> str:
    """Return where uploads and inputs lie."""
    return input_directory


def get_user_directory() -> str:
    """Return where settings and workflows of users lie."""
    return user_directory


def get_system_user_directory(name: str = "system") -> str:
    """Return a folder that no client reaches, for what a program itself keeps."""
    if not name or not isinstance(name, str):
        raise ValueError("The name of a system user's folder is empty; give it letters, digits and _.")
    if name.startswith("_") or not name.replace("_", "").isalnum():
        raise ValueError(f'"{name}" is no name of a system user\'s folder; use letters, digits and _, not _ first.')
    return os.path.join(get_user_directory(), f"{SYSTEM_USER_PREFIX}{name}")


def get_public_user_directory(user_id: str) -> str | None:
    """Return the folder of a user that clients may reach; None for no such user."""
    if not user_id or not isinstance(user_id, str) or user_id.startswith(SYSTEM_USER_PREFIX):
        return None
    return os.path.join(get_user_directory(), user_id)


def get_directory_by_type(type_name: str) -> str | None:
    """Return the folder of `output`, `temp` or `input`; None for another word."""
    return {"output": output_directory, "temp": temp_directory, "input": input_directory}.get(type_name)


def filter_files_content_types(files: list[str], content_types: list[str]) -> list[str]:
    """Return the files that are of one of the types `image`, `video`, `audio` and `model`, by their names' ends."""
    return [file for file in files if _content_type(file) in content_types]


def _content_type(file: str) -> str | None:
    suffix = file.split(".")[-1]
    if suffix not in extension_mimetypes_cache:
        guessed, _ = mimetypes.guess_type(file, strict=False)
        if guessed is None:
            return None
        extension_mimetypes_cache[suffix] = guessed.split("/")[0]
    return extension_mimetypes_cache[suffix]


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """Return "name [output]" as the name and its folder; None for a name without such a word."""
    for word, kind in ANNOTATIONS.items():
        if name.endswith(word):
            return name[: -len(word) - 1], get_directory_by_type(kind)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """Return the path that such a name means; ValueError if it leaves its folder."""
    short, root = annotated_filepath(name)
    root = root or default_dir or get_input_directory()
    path = os.path.abspath(os.path.join(root, short))
    if not is_within(root, path):
        raise ValueError(f"{name!r} leads outside {root}; use a name below that folder.")
    return path


def exists_annotated_filepath(name: str) -> bool:
    """Return whether there is a file of that name; one that leaves its folder counts as none."""
    short, root = annotated_filepath(name)
    root = root or get_input_directory()
    path = os.path.abspath(os.path.join(root, short))
    return is_within(root, path) and os.path.exists(path)


is_within_directory = is_within


def is_dangerous_content_type(content_type: str | None) -> bool:
    """Return whether a browser might run what is of this type."""
    plain = _without_parameters(content_type)
    return plain in DANGEROUS_CONTENT_TYPES or plain.endswith(("+xml", "/xml"))


def renders_safely_as_image(content_type: str | None, sec_fetch_dest: str | None) -> bool:
    """Return whether SVG is asked for by an <img>, where it cannot run."""
    return sec_fetch_dest == "image" and _without_parameters(content_type) == "image/svg+xml"


def _without_parameters(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Look for models of a kind in one more folder; before the others if it is to be the default."""
    kind = map_legacy(folder_name)
    paths, _ = folder_names_and_paths.setdefault(kind, ([], set()))
    if full_folder_path in paths:
        if not is_default:
            return
        paths.remove(full_folder_path)
    paths.insert(0 if is_default else len(paths), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    """Return the folders of a kind; KeyError if there is no such kind."""
    return list(folder_names_and_paths[map_legacy(folder_name)][0])


def recursive_search(directory: str, excluded_dir_names: list[str] | None = None) -> tuple[list[str], dict[str, float]]:
    """Return all files below a folder, and the times of change of the folders there."""
    return tuple(search(directory, excluded_dir_names or ()))  # type: ignore[return-value]  # a plain pair, as packs expect


def filter_files_extensions(files: Collection[str], extensions: Collection[str]) -> list[str]:
    """Return the files that end in one of the extensions, sorted."""
    return with_suffixes(files, extensions)


def get_full_path(folder_name: str, filename: str) -> str | None:
    """Return the file of a kind; None if there is none. A name cannot leave the kind's folders."""
    kind = map_legacy(folder_name)
    name = os.path.relpath(os.path.join("/", filename), "/")
    folders = folder_names_and_paths[kind][0] if kind in folder_names_and_paths else ()
    return next(filter(os.path.isfile, (os.path.join(folder, name) for folder in folders)), None)


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """Return the file of a kind; FileNotFoundError if there is none."""
    path = get_full_path(folder_name, filename)
    if path is None:
        folders = (
            " or ".join(get_folder_paths(folder_name)) if map_legacy(folder_name) in folder_names_and_paths else ""
        )
        where = folders or f'the folders of "{folder_name}", which nobody named'
        raise FileNotFoundError(f'"{filename}" is not in {where}. Put the file there, or choose another.')
    return path


def get_filename_list_(folder_name: str) -> Listing:
    """Return the files of a kind as they are now."""
    folders, suffixes = folder_names_and_paths[map_legacy(folder_name)]
    return list_kind(folders, suffixes)


def cached_filename_list_(folder_name: str) -> Listing | None:
    """Return the list that is kept, if it is still true."""
    kept: Listing | None = cache_helper.get(folder_name)
    if kept is not None:
        return kept
    kind = map_legacy(folder_name)
    listing = filename_list_cache.get(kind)
    return listing if listing is not None and is_current(listing, folder_names_and_paths[kind][0]) else None


def get_filename_list(folder_name: str) -> list[str]:
    """Return the files of a kind, sorted; KeyError if there is no such kind."""
    kind = map_legacy(folder_name)
    listing = cached_filename_list_(kind)
    if listing is None:
        listing = filename_list_cache[kind] = get_filename_list_(kind)
    cache_helper.set(kind, listing)
    return list(listing.names)


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Return folder, stem, first free number, subfolder and the whole prefix; the folder is made."""
    place = plan_save(Path(output_dir), filename_prefix, image_width, image_height, type="", now=datetime.now())
    folder = os.path.join(output_dir, place.subfolder)
    os.makedirs(folder, exist_ok=True)
    return folder, place.stem, place.counter, place.subfolder, os.path.join(place.subfolder, place.stem)


def get_input_subfolders() -> list[str]:
    """Return all folders below the input folder, sorted, as names from it."""
    root = get_input_directory()
    below = [os.path.relpath(place, root).replace(os.sep, "/") for place, _, _ in os.walk(root)]
    return sorted(name for name in below if name != ".")
