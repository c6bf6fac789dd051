"""The flags of `weft serve` that do something; those of the engine are passed on to the worker as they were typed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.launch_flag import EVERYWHERE, MAX_PORT, LaunchFlag, Section
from cli.precision_flags import CPU_VAE, CPU_VAE_HELP, PRECISION_FLAGS


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f'"{text}" is not a port, a number from 0 to {MAX_PORT}')
    return int(text)


def _number(least: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not least <= number < float("inf"):
            raise argparse.ArgumentTypeError(f'"{text}" is not a number, {least:g} or more')
        return number

    return convert


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number, 0 or more')
    return int(text)


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f'"{text}" is not a folder that is there')
    return Path(text).absolute()


def _place(text: str) -> Path:
    return Path(text).absolute()


def _server_flags() -> Iterator[LaunchFlag]:
    where = Section.SERVER
    yield LaunchFlag("port", where, "The port (8188); 0 takes a free one and prints it.", None, "PORT", _port)
    yield LaunchFlag("auto-launch", where, "Open the editor in a browser.")
    yield LaunchFlag("disable-auto-launch", where, "Open no browser, whatever else is said.")
    yield LaunchFlag("windows-standalone-build", where, "The same as --auto-launch.")
    yield LaunchFlag("front-end", where, "weft, or comfyui for the official one, if it is installed.", None, "NAME",
                     choices=("weft", "comfyui"), group="front end")  # fmt: skip
    yield LaunchFlag(
        "front-end-root", where, "Serve the editor in this folder.", None, "DIR", _folder, group="front end"
    )
    yield LaunchFlag("max-upload-size", where, "The largest upload in MB (100).", None, "MB", _number(0))
    yield LaunchFlag("enable-compress-response-body", where, "Compress answers to this machine too.")
    yield LaunchFlag("feature-flag", where, "Tell clients of a feature; true without a value.", None, "KEY[=VALUE]",
                     repeats=True)  # fmt: skip
    yield LaunchFlag("list-feature-flags", where, "Print the feature flags that front ends know, as JSON, and end.")
    yield LaunchFlag("multi-user", where, "Keep settings and workflows for each user apart.")
    yield LaunchFlag("verbose", where, "Log more; or LEVEL, or LEVEL FILE.", "*", "LEVEL FILE", repeats=True)
    yield LaunchFlag("log-stdout", where, "Log to standard output, not to standard error.")
    yield LaunchFlag("dont-print-server", where, "Log warnings and errors only.")
    yield LaunchFlag("quick-test-for-ci", where, "Start, wait until the worker is ready, and end.")


def _access_flags() -> Iterator[LaunchFlag]:
    where = Section.ACCESS
    yield LaunchFlag("listen", where, "Addresses with commas between (127.0.0.1); all without a value.", "?", "IP",
                     bare=EVERYWHERE)  # fmt: skip
    yield LaunchFlag("token", where, "Ask for this token; without a value the one of last time, or a new one.", "?",
                     "TOKEN", bare="")  # fmt: skip
    yield LaunchFlag("allow-host", where, "A name under which the server may be called; repeatable.", None, "NAME",
                     repeats=True)  # fmt: skip
    yield LaunchFlag("enable-cors-header", where, "Let pages of ORIGIN use the server; all pages without a value.",
                     "?", "ORIGIN", bare="*")  # fmt: skip
    yield LaunchFlag("tls-keyfile", where, "The key for HTTPS, in PEM.", None, "FILE", _place)
    yield LaunchFlag("tls-certfile", where, "The certificate for HTTPS, in PEM.", None, "FILE", _place)


def _folder_flags() -> Iterator[LaunchFlag]:
    where = Section.FOLDERS
    yield LaunchFlag(
        "base-directory", where, "The folder of models, input, output, temp and user.", None, "DIR", _place
    )
    yield LaunchFlag("output-directory", where, "Where results are written.", None, "DIR", _place)
    yield LaunchFlag("input-directory", where, "Where uploads and inputs lie.", None, "DIR", _place)
    yield LaunchFlag("temp-directory", where, "Where temp/ with previews lies.", None, "DIR", _place)
    yield LaunchFlag("user-directory", where, "Settings, workflows, the queue and the history.", None, "DIR", _folder)
    yield LaunchFlag("models-directory", where, "The folder of models.", None, "DIR", _folder)
    yield LaunchFlag("extra-model-paths-config", where, "YAML files that name more folders of models.", "+", "FILE",
                     _place, repeats=True)  # fmt: skip


def _engine_flags() -> Iterator[LaunchFlag]:
    where = Section.ENGINE
    yield LaunchFlag("device", where, "cpu, cuda, cuda:N or mps; the best one if left out.", None, "DEVICE",
                     group="device", is_for_worker=True)  # fmt: skip
    yield LaunchFlag("default-device", where, "The CUDA device with this number.", None, "N", _count, group="device")
    yield LaunchFlag("cuda-device", where, "The CUDA devices that may be seen: 0, or 0,1, or all.", None, "IDS")
    yield LaunchFlag("cache-none", where, "Keep no results.", group="cache", is_for_worker=True)
    yield LaunchFlag("cache-classic", where, "Keep the results of the last workflow in memory.", group="cache",
                     is_for_worker=True)  # fmt: skip
    yield LaunchFlag("high-ram", where, "The same as --cache-classic.", group="cache")
    yield LaunchFlag("cache-lru", where, "Keep the N results that were used last.", None, "N", _count, group="cache",
                     is_for_worker=True)  # fmt: skip
    yield LaunchFlag("cache-ram", where, "Keep results while GB of RAM are free.", "*", "GB", _number(0), group="cache")
    yield LaunchFlag("cache-disk", where, "GB that results may take on the disk (10); 0: none.", None, "GB", _number(0),
                     is_for_worker=True)  # fmt: skip
    yield LaunchFlag("cache-directory", where, "Where results are kept.", None, "DIR", _place, is_for_worker=True)
    yield LaunchFlag("memory-budget", where, "The most that weights and work may take of the device: 600MB, 40%.", None,
                     "SIZE", is_for_worker=True)  # fmt: skip
    yield LaunchFlag("ram-budget", where, "RAM for weights that left the device: 16GB, 50%, 0.", None, "SIZE",
                     is_for_worker=True)  # fmt: skip
    yield LaunchFlag("reserve-vram", where, "GB to leave free on the device.", None, "GB", is_for_worker=True)
    for name, text in (
        ("gpu-only", "Keep everything on the device."),
        ("highvram", "Keep whole networks on the device; never stream one."),
        ("lowvram", "Leave a network on the device only until the next is used."),
        ("novram", "Keep no weights on the device; stream all."),
        ("cpu", "Compute on the processor."),
    ):
        yield LaunchFlag(name, where, text, group="memory", is_for_worker=True)
    yield LaunchFlag("preview-method", where, "How pictures of work in progress are made (auto).", None, "NAME",
                     choices=("none", "auto", "latent2rgb", "taesd"), is_for_worker=True)  # fmt: skip
    yield LaunchFlag("preview-size", where, "The longest side of a preview in pixels (512).", None, "N", _count,
                     is_for_worker=True)  # fmt: skip
    yield LaunchFlag("disable-metadata", where, "Write no workflows into pictures.", is_for_worker=True)
    for name, flag in PRECISION_FLAGS.items():
        yield LaunchFlag(name, where, flag.help, is_for_worker=True)
    yield LaunchFlag(CPU_VAE, where, CPU_VAE_HELP, is_for_worker=True)


def _pack_flags() -> Iterator[LaunchFlag]:
    where = Section.ENGINE
    yield LaunchFlag("disable-all-custom-nodes", where, "Load no node packs.", is_for_worker=True)
    yield LaunchFlag("whitelist-custom-nodes", where, "Load these although all others are left out.", "+", "NAME",
                     repeats=True)  # fmt: skip
    yield LaunchFlag("no-watch", where, "Do not load node packs again when their files change.", is_for_worker=True)


ACTING_FLAGS = (*_server_flags(), *_access_flags(), *_folder_flags(), *_engine_flags(), *_pack_flags())
