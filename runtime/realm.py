"""The realm of a disk tier: what results depend on and keys do not tell.

realm_of(settings, device)     # 16 bytes: another code, library, kind of device or setting, another realm
with_code_of_packs(registry)   # node types of packs, with a digest of their pack in their keys

A node's key holds a digest of its own function only. The code behind it counts here, as a whole: every source file of
Weft's packages. After an update nothing old is found, and the disk tier's budget sees to it that it goes. Node packs do
not belong to the realm: all Python files of a pack count in the keys of its own nodes, so that a change of a pack
concerns these and what is behind them.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields, replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

from graph.registry import Registry
from graph.spec import NodeSpec
from runtime.devices import Device
from runtime.settings import WITHOUT_EFFECT_ON_RESULTS, Settings

OWN_PACKAGES = ("graph", "diffusion", "nodes", "runtime")
PACK_FOLDER = "custom_nodes"  # a package of packages; its own name says nothing of a pack
LIBRARIES = ("torch", "diffusers", "transformers", "safetensors", "numpy", "pillow", "scipy", "torchsde")


def realm_of(settings: Settings, device: Device) -> bytes:
    """Return the realm of a process."""
    seen = [
        *(f"{name} {_version(name)}" for name in LIBRARIES),
        f"device {device.torch_device.type}",
        *(f"{part.name} {getattr(settings, part.name)!r}" for part in _choices()),
        source_digest(OWN_PACKAGES),
    ]
    return hashlib.blake2b("\n".join(seen).encode(), digest_size=16).digest()


def source_digest(packages: Iterable[str]) -> str:
    """Return a digest of all Python files of some packages (170 files: 10 ms, 2 cores, 2026-11)."""
    state = hashlib.blake2b(digest_size=16)
    for package in packages:
        for path in _files_of(sys.modules.get(package) or import_module(package)):
            data = path.read_bytes()
            state.update(f"{package} {path.parent.name}/{path.name} {len(data)}\n".encode() + data)
    return state.hexdigest()


def with_code_of_packs(registry: Registry, digests: Mapping[str, str] | None = None) -> Registry:
    """Return the node types, those of packs with a code version that changes with any Python file of their pack.

    digests: of the packs, if they are known.
    """
    found = digests_of_packs(registry) if digests is None else digests
    return Registry.of(*(_with_digest(spec, found) for spec in registry)) if found else registry


def digests_of_packs(registry: Registry, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a digest of the code of each pack that has nodes, by its module; those that are known are not read again."""
    packs = {pack for spec in registry if (pack := pack_of(spec)) is not None}
    return {pack: (known or {}).get(pack) or source_digest([pack]) for pack in sorted(packs)}


def pack_of(spec: NodeSpec) -> str | None:
    """Return the package or module of the pack that a node type comes from; None for Weft's own."""
    first, _, rest = spec.module.partition(".")
    if first in OWN_PACKAGES or not first:
        return None
    return f"{first}.{rest.partition('.')[0]}" if first == PACK_FOLDER and rest else first


def _with_digest(spec: NodeSpec, digests: Mapping[str, str]) -> NodeSpec:
    pack = pack_of(spec)
    return spec if pack is None else replace(spec, code_version=f"{spec.code_version} {digests[pack]}")


def _choices() -> Iterator[Field[object]]:
    return (part for part in fields(Settings) if part.name not in WITHOUT_EFFECT_ON_RESULTS | {"device"})


def _files_of(module: ModuleType) -> list[Path]:
    if not hasattr(module, "__path__"):
        return [Path(module.__file__)] if module.__file__ else []
    return sorted(path for root in module.__path__ for path in Path(root).rglob("*.py"))


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"
