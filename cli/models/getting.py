"""From a source to a file in its folder: fetched, checked, and put in its place whole or not at all.

fetch(Wish("https://…/a.safetensors", to="loras"), folders)  # "models/loras/a.safetensors: a LoRA …"
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cli.models.sources import Remote, source_of
from cli.models.transfer import SHA256, Answer, FetchError, Told, copy, open_answer, sha256_of
from cli.report import UsageError
from files.containment import FolderError, contained
from files.folders import Folders
from files.kinds import KIND_ALIASES, MODEL_SUFFIXES
from graph.nearest import did_you_mean

PARTS = ".fetching"  # below models/: files that are not there whole
PICKLES = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})
TOKEN = "HF_TOKEN"
OTHER_SUFFIXES = frozenset({".gguf", ".json", ".model"})
ASKS = (
    "It can run any program when it is opened. Take a safetensors file, or add --allow-pickle if you trust its maker."
)


@dataclass(frozen=True)
class Wish:
    """What is to be fetched, and how: see the options of `weft models get`."""

    source: str
    to: str | None = None
    name: str | None = None
    sha256: str | None = None
    allow_pickle: bool = False
    endpoint: str | None = None


def fetch(wish: Wish, folders: Folders) -> str:
    """Fetch a file and return a sentence that says where it is; UsageError or FetchError if it is not to be had."""
    remote = source_of(wish.source, wish.endpoint)
    if wish.sha256 is not None and not SHA256.fullmatch(wish.sha256.lower()):
        raise UsageError(f"--sha256 {wish.sha256}: this is no SHA-256, which has 64 digits of 0 to 9 and a to f.")
    chosen = None if wish.to is None else _chosen(folders, wish.to)
    _refuse_pickle(wish.name or remote.name, wish)
    part = _part(folders, remote)
    name, told_hash = _download(remote, part, wish)
    _check_name(name, wish)
    _check_hash(part, (wish.sha256 or told_hash or "").lower(), name)
    return _placed(part, name, chosen, wish, folders)


def _chosen(folders: Folders, to: str) -> Path:
    """Return the folder that `--to` names: a kind of models, and folders below it."""
    kind, _, below = to.strip("/").partition("/")
    kind = KIND_ALIASES.get(kind, kind)
    if kind not in folders.models:
        raise UsageError(f'--to {to}: there is no kind of models "{kind}"{did_you_mean(kind, folders.models)}')
    root = folders.home_of(kind)
    try:
        return contained(root, below) if below else root
    except FolderError as error:
        raise UsageError(f"--to {to}: {error}") from error


def _refuse_pickle(name: str, wish: Wish) -> None:
    if PurePosixPath(name).suffix.lower() in PICKLES and not wish.allow_pickle:
        raise UsageError(f"{name} is a pickle file. {ASKS}")


def _check_name(name: str, wish: Wish) -> None:
    _refuse_pickle(name, wish)
    if PurePosixPath(name).suffix.lower() not in MODEL_SUFFIXES | OTHER_SUFFIXES:
        raise UsageError(
            f'"{name}" is not the name of a model; write the name that the file is to have: --name MODEL.safetensors.'
        )


def _part(folders: Folders, remote: Remote) -> Path:
    """Return where what came of a source is kept until it is whole."""
    folder = folders.home_of("checkpoints").parent / PARTS
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(remote.address.encode()).hexdigest()[:16]}.part"


def _download(remote: Remote, part: Path, wish: Wish) -> tuple[str, str | None]:
    """Bring the part up to the whole file; return the file's name, and its SHA-256 if the server says it."""
    state = part.with_suffix(".json")
    start = part.stat().st_size if part.is_file() else 0
    tag = _tag(state) if start else ""
    token = os.environ.get(TOKEN) if remote.is_hub else None
    answer = open_answer(remote.address, start=start, tag=tag, token=token)
    name = PurePosixPath((wish.name or _named(answer, remote)).replace("\\", "/")).name
    _refuse_pickle(name, wish)
    state.write_text(json.dumps({"address": remote.address, "tag": answer.tag}), encoding="utf-8")
    with _bar(name, answer) as told:
        copy(answer, part, told)
    return name, answer.sha256


def _named(answer: Answer, remote: Remote) -> str:
    """Return the file's own name; that which the server gives counts where the address has none."""
    has_one = PurePosixPath(remote.name).suffix.lower() in MODEL_SUFFIXES | OTHER_SUFFIXES
    return remote.name if has_one or not answer.name else answer.name


def _tag(state: Path) -> str:
    try:
        return str(json.loads(state.read_text(encoding="utf-8"))["tag"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextmanager
def _bar(name: str, answer: Answer) -> Iterator[Told]:
    """Draw a bar while a file comes."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from cli.report import error_console

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=error_console()) as progress:
        task = progress.add_task(name, total=answer.total, completed=answer.start)
        yield lambda done: progress.update(task, completed=done)


def _check_hash(part: Path, wanted: str, name: str) -> None:
    """Refuse what is not the file that it should be; nothing of it is kept, for going on would not mend it."""
    if wanted and (found := sha256_of(part)) != wanted:
        _forget(part)
        raise FetchError(f"{name} has the SHA-256 {found}, but should have {wanted}; it is removed. Fetch it again.")


def _placed(part: Path, name: str, chosen: Path | None, wish: Wish, folders: Folders) -> str:
    from diffusion.checkpoints.describe import describe
    from diffusion.checkpoints.description import DAMAGED, PICKLED

    found = describe(part)
    is_text = PurePosixPath(name).suffix.lower() in (".json", ".model")
    if found.kind == PICKLED and not wish.allow_pickle:
        _forget(part)
        raise FetchError(f"{name} is a pickle file under another name; it is removed. {ASKS}")
    if found.kind == DAMAGED and not is_text:
        _forget(part)
        raise FetchError(f"{found.note.replace(part.name, name)} It is removed.")
    if chosen is None and found.folder is None:
        raise UsageError(f"What {name} is cannot be told from its header; say where it belongs: --to FOLDER.")
    target = (chosen or folders.home_of(found.folder or "")) / name
    if target.exists():
        raise UsageError(f"{target} is there already; choose another name: --name NAME.")
    target.parent.mkdir(parents=True, exist_ok=True)
    _move(part, target)
    _forget(part)
    told = ", ".join(filter(None, (found.words, found.precision)))
    return str(target) if is_text else f"{target}: {told}"


def _move(part: Path, target: Path) -> None:
    """Give the file its place at once, also where that is on another disk."""
    try:
        part.replace(target)
    except OSError:
        beside = target.with_name(f".{target.name}.part")
        shutil.copyfile(part, beside)
        beside.replace(target)


def _forget(part: Path) -> None:
    for path in (part, part.with_suffix(".json")):
        path.unlink(missing_ok=True)
