"""What a pack wants installed that is not: what it lists, and what its files import.

unmet(manifest, pack, uses)  # [Requirement("kornia>=0.8", found="0.7.1"), Requirement("cv2", file="…", line=3)]
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Line

from files.packs import Manifest, Pack
from runtime.pack_check.names import own_modules, tops
from runtime.pack_check.report import Requirement
from runtime.pack_check.sources import Use
from runtime.packs.importing import PACKAGE


def unmet(manifest: Manifest, pack: Pack, uses: Iterable[Use]) -> tuple[Requirement, ...]:
    """Return what is missing, the listed ones first; nothing is imported."""
    return (*_listed(manifest), *_imported(pack, uses))


def _listed(manifest: Manifest) -> Iterator[Requirement]:
    for text in manifest.requires:
        try:
            line = Line(text.partition("#")[0].strip())
        except InvalidRequirement:
            continue  # an address, or words of pip's own
        if line.marker is not None and not line.marker.evaluate():
            continue
        found = _version(line.name)
        if found is None or not line.specifier.contains(found, prereleases=True):
            yield Requirement(text, found)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _imported(pack: Pack, uses: Iterable[Use]) -> Iterator[Requirement]:
    known = own_modules(pack) | tops() | sys.stdlib_module_names | packages_distributions().keys() | {PACKAGE}
    wanted: dict[str, Use] = {}
    for use in uses:
        top = use.name.partition(".")[0]
        if use.is_import and top not in known and (top not in wanted or wanted[top].is_optional):
            wanted[top] = use
    for top, use in wanted.items():
        if not _is_there(top):
            yield Requirement(top, None, str(use.file), use.line, use.is_optional)


def _is_there(top: str) -> bool:
    if top in sys.modules:
        return True
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False
