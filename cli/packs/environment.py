"""What is installed in this Python, who needs what of it, and what a change would break.

environment_here().broken_by(changes)  # ["noise 2.0 would come in place of 1.2; rain needs noise<2."]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from cli.checks.required import read_required
from files.packs.requirements import Need

WEFT = "weft"
PINNED = ("torch", "torchvision", "torchaudio")  # built for this machine's devices; an index has other builds


class Change(NamedTuple):
    """A package that pip would install. before: the version that is there; None if there is none."""

    name: str
    version: str
    before: str | None
    needs: tuple[Need, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.version}" + (f" in place of {self.before}" if self.before else "")


@dataclass(frozen=True)
class Environment:
    """Versions of the installed packages, and what they and the installed packs need."""

    versions: Mapping[str, str]
    needs: tuple[Need, ...]

    def has(self, need: Need) -> bool:
        """Whether a need is met. Extras are never taken to be."""
        version = self.versions.get(need.name)
        return version is not None and need.allows(version) and not need.requirement.extras

    def constraints(self) -> list[str]:
        """Return what pip has to keep to: torch as it is, and the versions that Weft works with."""
        pins = [f"{name}=={self.versions[name]}" for name in PINNED if name in self.versions]
        own = [need for need in self.needs if need.who == WEFT and need.requirement.specifier]
        return [*pins, *(f"{need.name}{need.requirement.specifier}" for need in own if need.name not in PINNED)]

    def pin_conflicts(self, needs: Iterable[Need]) -> list[str]:
        """Return the needs that only another torch would meet, as sentences."""
        return [
            f"{need.who} asks for {need.requirement}; {need.name} {self.versions[need.name]} is installed, and packs do not "
            "change it, since it is built for this machine. Look for a newer version of the pack."
            for need in needs
            if need.name in PINNED and need.name in self.versions and not need.allows(self.versions[need.name])
        ]

    def conflicts(self, needs: Iterable[Need]) -> list[str]:
        """Return which needs what is installed does not meet, and who else needs something of the same packages."""
        return [self._conflict(need) for need in needs if need.name in self.versions and not self.has(need)]

    def broken_by(self, changes: Iterable[Change]) -> list[str]:
        """Return whose needs are met now and would not be after some changes, in sentences."""
        by_name: dict[str, Change] = {canonicalize_name(change.name): change for change in changes}
        staying = [need for need in self.needs if canonicalize_name(need.who) not in by_name]
        return [
            f"{by_name[need.name]} would be installed; {need.who}, which is installed, needs {need.requirement}."
            for need in staying
            if need.name in by_name and self.has(need) and not need.allows(by_name[need.name].version)
        ]

    def _conflict(self, need: Need) -> str:
        there = f"{need.name} {self.versions[need.name]}"
        others = [f"{other.who} needs {other.requirement}" for other in self.needs if other.name == need.name]
        kept = f", and {' and '.join(others[:3])}" if others else ""
        return f"{need.who} asks for {need.requirement}; {there} is installed{kept}."


def environment_here(packs: Iterable[Need] = ()) -> Environment:
    """Return what is installed in this Python. packs: what the packs that are there need."""
    found: dict[str, Distribution] = {}
    for each in distributions():
        if each.metadata["Name"]:
            found.setdefault(canonicalize_name(each.metadata["Name"]), each)
    own = parsed(WEFT, read_required().packages)
    others = [need for name, each in found.items() if name != WEFT for need in parsed(name, each.requires or ())]
    return Environment({name: each.version for name, each in found.items()}, (*own, *others, *packs))


def parsed(who: str, texts: Iterable[str]) -> list[Need]:
    """Return what a package's metadata asks for on this machine, without its extras."""
    needs = []
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:  # of an old package; pip passes over it too
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            requirement.marker = None  # it holds; sentences are shorter without it
            needs.append(Need(who, requirement))
    return needs
