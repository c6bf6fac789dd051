"""`weft serve`: start the server. Nothing here loads torch, nor typer: it is to listen within a second.

main(["--port", "0", "--cpu"])  # until SIGINT or SIGTERM; returns the exit code
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.feature_flags import KNOWN_FEATURES, features_of
from cli.idle_flags import IDLE_FLAGS
from cli.launch_flag import LaunchFlag
from cli.launch_flags import LaunchError, all_flags, given_flags, parse_flags
from cli.server_logging import set_up_logging
from cli.worker_flags import worker_flags
from files.containment import FolderError
from runtime.settings import default_base

if TYPE_CHECKING:
    from files.folders import Folders
    from serving.settings import ServeSettings

INVALID = 2
MAIN = Path(__file__).resolve().parent.parent / "main.py"
TOKEN_VARIABLE = "WEFT_TOKEN"  # names it without showing it in the list of processes
QUIET_FLAG = "--disable-api-nodes"
FRONT_END_PACKAGE = "comfyui_frontend_package"


def main(argv: Sequence[str]) -> int:
    """Start the server with what was typed; return the exit code once it has ended, 2 if it cannot start."""
    try:
        typed = parse_flags(argv)
        if typed.list_feature_flags:
            print(json.dumps(KNOWN_FEATURES, indent=2))
            return 0
        return _start(typed, argv)
    except (LaunchError, FolderError) as error:
        print(error, file=sys.stderr)
        return INVALID


def _start(typed: argparse.Namespace, argv: Sequence[str]) -> int:
    settings, folders = settings_of(typed, argv), folders_of(typed)
    set_up_logging(typed)
    for note in notes_of(typed):
        print(note, file=sys.stderr)
    _hide_devices(typed.cuda_device)
    from serving.app import run_server

    return run_server(settings, folders)


def settings_of(typed: argparse.Namespace, argv: Sequence[str] = ()) -> ServeSettings:
    """Return the server's settings; LaunchError for what cannot be."""
    from serving.settings import DEFAULT_PORT, LOOPBACK, MIB, ServeSettings

    listen = tuple(filter(None, (each.strip() for each in (typed.listen or LOOPBACK).split(","))))
    chosen: dict[str, Any] = (
        {} if typed.max_upload_size is None else {"max_upload_bytes": round(typed.max_upload_size * MIB)}
    )
    return ServeSettings(
        worker_command=(sys.executable, str(MAIN), "worker", *worker_flags(typed)),
        listen=listen or (LOOPBACK,),
        port=DEFAULT_PORT if typed.port is None else typed.port,
        user=typed.user_directory or _base(typed) / "user",
        front_end_root=_front_end_package() if typed.front_end == "comfyui" else typed.front_end_root,
        token=typed.token or os.environ.get(TOKEN_VARIABLE) or None,
        wants_token=typed.token is not None,
        allow_hosts=tuple(typed.allow_host or ()),
        tls_keyfile=typed.tls_keyfile,
        tls_certfile=typed.tls_certfile,
        cors_origin=typed.enable_cors_header,
        argv=("main.py", *shown_flags(argv, typed.token)),
        features=features_of(typed.feature_flag or ()),
        compresses_here=typed.enable_compress_response_body,
        is_multi_user=typed.multi_user,
        opens_browser=(typed.auto_launch or typed.windows_standalone_build) and not typed.disable_auto_launch,
        is_quick_test=typed.quick_test_for_ci,
        **chosen,
    )


def shown_flags(argv: Sequence[str], token: str | None) -> list[str]:
    """Return what clients are shown of what was typed: not the token.

    Always with --disable-api-nodes: ComfyUI's front end asks its makers for news unless it sees this flag.
    """
    hidden = {token: "…", f"--token={token}": "--token=…"} if token else {}
    added = [] if QUIET_FLAG in argv else [QUIET_FLAG]
    return [hidden.get(word, word) for word in (*argv, *added)]


def folders_of(typed: argparse.Namespace) -> Folders:
    """Return the folders that were chosen; ModelPathsError if a file of model folders is wrong."""
    from files.folders import Folders
    from files.model_paths import gather_model_paths

    base = _base(typed)
    files = [path for paths in typed.extra_model_paths_config or () for path in paths]
    return Folders.below(
        base,
        output=typed.output_directory,
        input=typed.input_directory,
        temp=None if typed.temp_directory is None else typed.temp_directory / "temp",
        user=typed.user_directory,
        models=typed.models_directory,
        extra=gather_model_paths(base, files),
    )


def notes_of(typed: argparse.Namespace) -> list[str]:
    """Return a line for each flag that has no effect here."""
    reasons = {each.name: each.why for each in IDLE_FLAGS}
    given: list[LaunchFlag] = [flag for flag in given_flags(typed, all_flags()) if flag.name in reasons]
    return [f"--{flag.name} has no effect: {reasons[flag.name]}." for flag in given]


def _base(typed: argparse.Namespace) -> Path:
    base: Path = typed.base_directory or default_base()
    return base


def _front_end_package() -> Path:
    """Return the folder of ComfyUI's official front end, without importing what is in its package."""
    from importlib.util import find_spec

    found = find_spec(FRONT_END_PACKAGE)
    if found is None or found.origin is None:
        raise LaunchError(
            "--front-end comfyui: the official front end is not installed; `pip install comfyui-frontend-package` brings it."
        )
    return Path(found.origin).parent / "static"


def _hide_devices(ids: str | None) -> None:
    """Let this process, and so its worker, see these CUDA or HIP devices only."""
    if ids is not None and ids != "all":
        os.environ["CUDA_VISIBLE_DEVICES"] = ids
        os.environ["HIP_VISIBLE_DEVICES"] = ids
