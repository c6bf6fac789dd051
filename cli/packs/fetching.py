"""From a source to a folder that could be a pack: cloned, unpacked, copied or taken out of a wheel, and looked through.

staged = stage(source_of("rain.zip"), "rain", staging)  # staging/rain; PackError, and nothing of it is a pack
"""

from __future__ import annotations

import shutil
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from cli.packs import git, pip
from cli.packs.wheels import unpack_wheel
from files.packs import ManifestError, Pack, PackError, Record, read_manifest
from files.packs.archives import unpack
from files.packs.contents import PASSED_OVER, faults_in, file_digests
from files.packs.requirements import options_of
from files.packs.sources import Kind, Source

LARGEST_DOWNLOAD_BYTES = 1 << 30
CHUNK_BYTES = 1 << 20
PATIENCE_S = 30
MOST_FAULTS = 10


@dataclass(frozen=True)
class Staged:
    """A pack that lies in a staging folder and is ready to be moved. notes: what the user should know of it."""

    pack: Pack
    record: Record
    notes: tuple[str, ...] = ()


def stage(source: Source, name: str, staging: Path) -> Staged:
    """Fetch a pack into `staging/name`; PackError if it cannot be had or is none."""
    work = Path(tempfile.mkdtemp(dir=staging))
    folder = staging / name
    commit, version = _fetch(source, work, folder)
    pack = Pack(name, folder)
    _check(pack, source)
    version = version or read_manifest(pack).version
    return Staged(pack, Record(source, commit, version, file_digests(folder)), tuple(_notes(pack)))


def _fetch(source: Source, work: Path, folder: Path) -> tuple[str | None, str | None]:
    """Put the files into the folder; return the commit and the version, as far as the source knows them."""
    match source.kind:
        case Kind.GIT:
            return git.check_out(source.place, source.ref, folder), None
        case Kind.ZIP:
            archive = _download(source.place, work / "pack.zip") if source.is_remote else Path(source.place)
            unpack(archive, _made(work / "unpacked")).rename(folder)
            return None, None
        case Kind.FOLDER:
            _copy(Path(source.place), folder)
            return None, None
        case Kind.PACKAGE:
            return None, unpack_wheel(
                pip.download(str(source), _made(work / "wheels")), _made(work / "unpacked"), folder
            )


def _copy(source: Path, folder: Path) -> None:
    if folder.resolve().is_relative_to(source):
        raise PackError(f"{source} holds custom_nodes itself, so it is no pack.")
    if not source.is_dir():
        raise PackError(f"{source} is not there, or no folder.")
    shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns(*PASSED_OVER))


def _download(address: str, path: Path) -> Path:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer, path.open("xb") as file:
            left = LARGEST_DOWNLOAD_BYTES
            while chunk := answer.read(CHUNK_BYTES):
                left -= len(chunk)
                if left < 0:
                    raise PackError(
                        f"{address} is larger than {LARGEST_DOWNLOAD_BYTES >> 20} MiB, too much for a pack."
                    )
                file.write(chunk)
    except (urllib.error.URLError, TimeoutError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is the answer, too, with its connection
        raise PackError(f"{address} cannot be fetched: {getattr(error, 'reason', error)}.") from error
    return path


def _check(pack: Pack, source: Source) -> None:
    faults = faults_in(pack.path) or _manifest_faults(pack)  # one after the other: a link is not to be read
    if faults:
        more = [f"… and {len(faults) - MOST_FAULTS} more."] if len(faults) > MOST_FAULTS else []
        listed = (f"  {fault}" for fault in faults[:MOST_FAULTS])
        raise PackError("\n".join((f"{source} is not installed:", *listed, *more)))


def _manifest_faults(pack: Pack) -> list[str]:
    try:
        read_manifest(pack)
    except ManifestError as error:
        return [str(error)]
    return []


def _notes(pack: Pack) -> list[str]:
    notes = [
        f"requirements.txt of {pack.name} has the option {line}, which is not followed." for line in options_of(pack)
    ]
    if (pack.path / ".gitmodules").is_file():
        notes.append(f"{pack.name} has git submodules, which are not fetched.")
    return notes


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
