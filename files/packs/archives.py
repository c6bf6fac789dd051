"""Unpack a zip file that somebody else made: nothing of it leaves the folder, and it does not fill the disk.

unpack(Path("rain.zip"), staging)  # staging/…, and the folder in which the pack lies
"""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from files.containment import FolderError, contained
from files.packs.errors import PackError

CHUNK_BYTES = 1 << 20
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError)


class Limits(NamedTuple):
    """How much an archive may hold, unpacked."""

    nbytes: int = 2 << 30
    files: int = 50_000


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> Path:
    """Unpack a zip file into an empty folder; return where the pack lies: there, or in the one folder that is in it.

    PackError if a member would leave the folder, is a link, a device or encrypted, or if there is too much in it.
    """
    limits = limits or Limits()
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check(members, archive, folder, limits)
            _write(opened, members, folder, limits, archive)
    except DAMAGED as error:
        raise PackError(f"{archive} is damaged, or no zip file: {error}.") from error
    except FileExistsError as error:
        raise PackError(f"{archive} has {error.filename} twice, or as a file and as a folder.") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise PackError(f"{archive} is damaged: {error}.") from error  # so bz2 tells it; a disk has a number
    return _only_folder(folder)


def _check(members: list[zipfile.ZipInfo], archive: Path, folder: Path, limits: Limits) -> None:
    if len(members) > limits.files:
        raise PackError(f"{archive} has {len(members)} files; at most {limits.files} are unpacked.")
    _check_size(sum(member.file_size for member in members), archive, limits)
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if member.flag_bits & 0x1:
            raise PackError(f"{archive}: {member.filename} is encrypted; make an archive without a password.")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise PackError(f"{archive}: {member.filename} is a link or a device, which is not unpacked.")
        _path(member, archive, folder)


def _check_size(nbytes: int, archive: Path, limits: Limits) -> None:
    if nbytes > limits.nbytes:
        raise PackError(f"{archive} holds more than {limits.nbytes >> 20} MiB; that is not unpacked.")


def _path(member: zipfile.ZipInfo, archive: Path, folder: Path) -> Path:
    try:
        if PureWindowsPath(member.filename).drive or "\\" in member.filename:
            raise FolderError(f'"{member.filename}" leads outside {folder} on some systems.')
        return contained(folder, member.filename)
    except FolderError as error:
        raise PackError(f"{archive} is not unpacked: {error}") from error


def _write(
    opened: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, limits: Limits, archive: Path
) -> None:
    written = 0
    for member in members:
        path = _path(member, archive, folder)
        if member.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as source, path.open("xb") as target:
            while chunk := source.read(CHUNK_BYTES):
                written += len(chunk)
                _check_size(written, archive, limits)  # what the archive says of its sizes may be wrong
                target.write(chunk)


def _only_folder(folder: Path) -> Path:
    inside = [path for path in folder.iterdir() if path.name != "__MACOSX"]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder
