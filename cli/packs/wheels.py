"""A pack out of a wheel: the package that is in it, with what the wheel says of it as its manifest.

unpack_wheel(Path("noise_nodes-1.2-py3-none-any.whl"), work, staging / "noise-nodes")  # "1.2"
"""

from __future__ import annotations

import json
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from files.packs import PackError
from files.packs.archives import unpack
from files.packs.manifest import FILE

METADATA = (".dist-info", ".data")


def unpack_wheel(wheel: Path, work: Path, folder: Path) -> str:
    """Move the package of a wheel to a folder that is not there yet; return its version."""
    unpack(wheel, work)
    described = next(work.glob("*.dist-info/METADATA"), None)
    if described is None:
        raise PackError(f"{wheel.name} is no wheel: it has no METADATA.")
    _move(_package(wheel, work), folder)
    headers = HeaderParser().parsestr(described.read_text(encoding="utf-8"))
    if not (folder / FILE).exists():
        needs = [text for text in headers.get_all("Requires-Dist", []) if not _is_extra(text)]
        lines = [f"{key} = {json.dumps(headers[key.title()])}" for key in ("name", "version")]
        (folder / FILE).write_text("\n".join(("[project]", *lines, f"dependencies = {json.dumps(needs)}\n")))
    return str(headers["Version"])


def _package(wheel: Path, work: Path) -> Path:
    inside = [path for path in work.iterdir() if not path.name.endswith(METADATA)]
    packages = [path for path in inside if (path / "__init__.py").is_file() or path.suffix == ".py"]
    if len(packages) != 1:
        found = ", ".join(sorted(path.name for path in inside)) or "nothing"
        raise PackError(f"{wheel.name} is no node pack: one Python package is expected in it, and it has {found}.")
    return packages[0]


def _move(package: Path, folder: Path) -> None:
    if package.is_dir():
        package.rename(folder)
        return
    folder.mkdir()
    package.rename(folder / "__init__.py")


def _is_extra(text: str) -> bool:
    try:
        marker = Requirement(text).marker
    except InvalidRequirement:
        return True
    return marker is not None and "extra" in str(marker)
