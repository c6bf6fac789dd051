"""Files that appear whole or not at all, and never take the name of another.

write_new(Path("output/model_00001_.safetensors"), lambda path: save_file(tensors, path))  # False if there is such a file
with replacing(Path("video.mp4")) as temporary: ...  # takes the place of a file of that name
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
        temporary = _empty_beside(path)
        write(temporary)
        temporary.chmod(_usual_mode())
        return _take_name(temporary, path)
    except OSError as error:
        remedy = REMEDIES.get(error.errno, "free space, change the folder's rights or save to another folder")
        raise SaveError(f"{path} cannot be written ({error.strerror or error}); {remedy}.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file beside the place to be filled, which takes its name at the end, and stays away if anything fails.

    A file that is there keeps its content until then, so it may be read meanwhile.
    """
    target = Path(os.path.realpath(path))  # what a link leads to is written, as if it were opened
    temporary = _empty_beside(target)
    try:
        yield temporary
        temporary.chmod(_usual_mode())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _empty_beside(path: Path) -> Path:
    """Make an empty file in the folder; it has the same ending, for programs that tell formats by that."""
    handle, name = tempfile.mkstemp(prefix=".", suffix=f".part{path.suffix}", dir=path.parent)
    os.close(handle)
    return Path(name)


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
