"""The node types of all packs in one registry: of two with one name the built-in one stays, or that of the earlier pack.

Built-in ones that have their names from a pack give way to it (`gives_way`).

joined = join(builtin_registry(), [rain, snow])
joined.registry.find("Rain"), joined.reports["snow"].problems  # 'The name "Rain" belongs to the pack rain …'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from graph.registry import Registry
from graph.spec import NodeSpec
from runtime.packs.loading import LoadedPack
from runtime.packs.problems import place_of_node
from runtime.packs.report import PackProblem, PackReport, PackState

WEFT, SAME_PACK = "Weft itself", "another node of the pack"


class Joined(NamedTuple):
    """All node types, and the reports of packs by name with what came of bringing them together."""

    registry: Registry
    reports: Mapping[str, PackReport]


def join(builtin: Registry, packs: Iterable[LoadedPack]) -> Joined:
    """Return the built-in nodes with those of packs, in the packs' order."""
    packs = list(packs)
    offered = {spec.name for loaded in packs for spec in loaded.specs}
    stay = [spec for spec in builtin if not (spec.gives_way and spec.name in offered)]
    owners = {name: WEFT for spec in stay for name in (spec.name, *spec.aliases)}
    specs: list[NodeSpec] = []
    reports: dict[str, PackReport] = {}
    for loaded in packs:
        kept, problems = _without_taken(loaded.specs, owners)
        owners |= {name: f"the pack {loaded.pack.name}" for spec in kept for name in (spec.name, *spec.aliases)}
        specs += kept
        reports[loaded.pack.name] = _with_problems(loaded.report, kept, problems)
    return Joined(Registry.of(*stay, *specs) if specs else builtin, reports)


def _without_taken(specs: Iterable[NodeSpec], owners: Mapping[str, str]) -> tuple[list[NodeSpec], list[PackProblem]]:
    kept: list[NodeSpec] = []
    problems = []
    own: set[str] = set()
    for spec in specs:
        if spec.name in owners or spec.name in own:
            owner = owners.get(spec.name, SAME_PACK)
            problems.append(_taken(spec, spec.name, owner, "the node is left out"))
            continue
        aliases = tuple(name for name in spec.aliases if name not in owners and name not in own)
        problems += [
            _taken(spec, name, owners.get(name, SAME_PACK), "this further name is left out")
            for name in spec.aliases
            if name not in aliases
        ]
        own |= {spec.name, *aliases}
        kept.append(spec if aliases == spec.aliases else replace(spec, aliases=aliases))
    return kept, problems


def _taken(spec: NodeSpec, name: str, owner: str, what: str) -> PackProblem:
    file, line = place_of_node(spec)
    message = f'The name "{name}" belongs to {owner}; {what}.'
    return PackProblem(message, file, line, "Rename the node, or remove one of the two packs.")


def _with_problems(report: PackReport, kept: list[NodeSpec], problems: list[PackProblem]) -> PackReport:
    if not problems:
        return report
    state = PackState.PARTLY if kept else PackState.FAILED
    names = tuple(spec.name for spec in kept)
    return replace(report, state=state, nodes=names, problems=(*report.problems, *problems))
