"""Files that appear whole or not at all, and never take the name of another.

write_new(Path("output/model_00001_.safetensors"), lambda path: save_file(tensors, path))  # False if there is such a file
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

REMEDIES: Mapping[int | None, str] = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free space or save to another disk"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "change the folder's rights or save to another folder"),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "a file has the name of the folder; save to another folder"),
    errno.ENAMETOOLONG: "use a shorter name",
}
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EINVAL})


class SaveError(Exception):
    """A file cannot be written; the sentence says which, why and what to do."""


def write_new(path: Path, write: Callable[[Path], object]) -> bool:
    """Let `write` fill a file beside the place, then give it its name; nothing half-written is left behind.

    False if there is a file of that name, which stays as it is, also when another process makes it at the same time.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        temporary.chmod(_usual_mode())
        return _take_name(temporary, path)
    except OSError as error:
        remedy = REMEDIES.get(error.errno, "free space, change the folder's rights or save to another folder")
        raise SaveError(f"{path} cannot be written ({error.strerror or error}); {remedy}.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> bool:
    """Give a finished file its name, unless a file has it already."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _take_name_without_links(temporary, path)
    return True


def _take_name_without_links(temporary: Path, path: Path) -> bool:
    """Do the same on disks without hard links (exFAT, some network folders): an empty file holds the name first."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    temporary.replace(path)
    return True


def _usual_mode() -> int:
    """Return the rights that a new file gets here; mkstemp makes files for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
