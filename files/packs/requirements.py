"""What packs ask pip for, as requirements that can be compared.

needs_of(pack)[0]  # Need(who="rain", requirement=Requirement("noise>=1.2"))
"""

from __future__ import annotations

from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from files.packs.errors import PackError
from files.packs.find import Pack
from files.packs.manifest import REQUIREMENTS, ManifestError, read_manifest


class Need(NamedTuple):
    """A requirement and who has it."""

    who: str
    requirement: Requirement

    @property
    def name(self) -> str:
        """The package's name as package indexes compare it."""
        return canonicalize_name(self.requirement.name)

    def allows(self, version: str) -> bool:
        """Whether a version is one of those asked for."""
        return self.requirement.specifier.contains(version, prereleases=True)


def needs_of(pack: Pack) -> list[Need]:
    """Return what a pack asks for on this machine; PackError if a requirement cannot be read, or names an address.

    An address would be fetched although the user never saw it.
    """
    try:
        texts = read_manifest(pack).requires
    except ManifestError as error:
        raise PackError(str(error)) from error
    needs = [Need(pack.name, _requirement(text, pack)) for text in texts]
    return [need for need in needs if need.requirement.marker is None or need.requirement.marker.evaluate()]


def options_of(pack: Pack) -> list[str]:
    """Return the lines of requirements.txt that are options of pip (`-r`, `--extra-index-url`), which are not followed."""
    path = pack.path / REQUIREMENTS
    if pack.is_file or not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip().startswith("-")]


def _requirement(text: str, pack: Pack) -> Requirement:
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        if "://" not in text:
            raise PackError(f'{pack.name} asks for "{text}", which is no requirement: {error}.') from error
        requirement = None
    if requirement is None or requirement.url:
        raise PackError(
            f'{pack.name} asks for "{text}", an address that you did not name. If you trust it, install it yourself with '
            "pip, and the pack with --without-requirements."
        )
    return requirement
