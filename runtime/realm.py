"""The realm of a disk tier: what results depend on and keys do not tell.

realm_of(settings, device, registry)  # 16 bytes: another code, library, kind of device or setting, another realm

A node's key holds a digest of its own function only. The code behind it counts here, as a whole: every source file of
the packages that nodes come from and of those they use. After an update nothing old is found, and the disk tier's
budget sees to it that it goes.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import Field, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from graph.registry import Registry
from runtime.devices import Device
from runtime.settings import WITHOUT_EFFECT_ON_RESULTS, Settings

OWN_PACKAGES = ("graph", "diffusion", "nodes", "runtime")
LIBRARIES = ("torch", "diffusers", "transformers", "safetensors", "numpy", "pillow", "scipy", "torchsde")


def realm_of(settings: Settings, device: Device, registry: Registry) -> bytes:
    """Return the realm of a process."""
    packages = {*OWN_PACKAGES, *(spec.module.partition(".")[0] for spec in registry)}
    seen = [
        *(f"{name} {_version(name)}" for name in LIBRARIES),
        f"device {device.torch_device.type}",
        *(f"{part.name} {getattr(settings, part.name)!r}" for part in _choices()),
        source_digest(sorted(packages)),
    ]
    return hashlib.blake2b("\n".join(seen).encode(), digest_size=16).digest()


def source_digest(packages: Iterable[str]) -> str:
    """Return a digest of all Python files of some packages (170 files: 10 ms, 2 cores, 2026-11)."""
    state = hashlib.blake2b(digest_size=16)
    for package in packages:
        for path in _files_of(package):
            data = path.read_bytes()
            state.update(f"{package} {path.parent.name}/{path.name} {len(data)}\n".encode() + data)
    return state.hexdigest()


def _choices() -> Iterator[Field[object]]:
    return (part for part in fields(Settings) if part.name not in WITHOUT_EFFECT_ON_RESULTS | {"device"})


def _files_of(package: str) -> list[Path]:
    module = importlib.import_module(package)
    if not hasattr(module, "__path__"):
        return [Path(module.__file__)] if module.__file__ else []
    return sorted(path for root in module.__path__ for path in Path(root).rglob("*.py"))


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
