"""Registry: the node types that there are, by name and alias.

    registry = Registry.collect([nodes.latent, nodes.sampling])
    registry.find("EmptyLatentImage").name  # "EmptyLatent": an alias leads to its node

Nothing registers itself: a registry is made from modules or functions, so every test can have its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from graph.errors import SpecError
from graph.nearest import near_misses
from graph.spec import NodeSpec


@dataclass(frozen=True)
class Registry:
    """Node types by every name that finds them; iteration gives each once, sorted by its primary name."""

    by_name: Mapping[str, NodeSpec]  # primary names and aliases

    @staticmethod
    def of(*nodes: NodeSpec | Callable[..., Any]) -> Registry:
        """Make a registry from specs and from functions with `@node`; SpecError if two have a name in common."""
        return Registry(MappingProxyType(_by_name(map(_spec_of, nodes))))

    @staticmethod
    def collect(modules: Iterable[ModuleType]) -> Registry:
        """Make a registry from all nodes that modules define or import."""
        return Registry.of(*(spec for module in modules for spec in specs_in(module)))

    def with_nodes(self, *nodes: NodeSpec | Callable[..., Any]) -> Registry:
        """Return a registry that has these nodes too."""
        return Registry.of(*self, *nodes)

    def find(self, name: str) -> NodeSpec | None:
        """Return the node type of that name or alias; None if there is none."""
        return self.by_name.get(name)

    def near_misses(self, name: str) -> tuple[str, ...]:
        """Return the names that resemble an unknown one, the most similar first."""
        return near_misses(name, self.by_name)

    def names(self) -> tuple[str, ...]:
        """Return all names, aliases too, sorted."""
        return tuple(sorted(self.by_name))

    def __iter__(self) -> Iterator[NodeSpec]:
        primary = {spec.name: spec for spec in self.by_name.values()}
        return iter([primary[name] for name in sorted(primary)])

    def __len__(self) -> int:
        return sum(1 for name, spec in self.by_name.items() if name == spec.name)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name


def specs_in(module: ModuleType) -> tuple[NodeSpec, ...]:
    """Return the specs of a module's functions, in the order in which they were written."""
    functions = (value for value in vars(module).values() if isinstance(value, FunctionType))
    specs = (vars(function).get("spec") for function in functions)
    return tuple(spec for spec in specs if isinstance(spec, NodeSpec))


def _spec_of(node: NodeSpec | Callable[..., Any]) -> NodeSpec:
    spec = node if isinstance(node, NodeSpec) else getattr(node, "spec", None)
    if not isinstance(spec, NodeSpec):
        raise SpecError(f"{getattr(node, '__name__', node)} is not a node; put @node(category=…) above it.")
    return spec


def _by_name(specs: Iterable[NodeSpec]) -> dict[str, NodeSpec]:
    found: dict[str, NodeSpec] = {}
    for spec in specs:
        for name in (spec.name, *spec.aliases):
            other = found.setdefault(name, spec)
            if other is not spec:
                raise SpecError(
                    f'Two nodes are called "{name}": {other.name} of {other.module} and {spec.name} of {spec.module}. '
                    "Rename one: @node(name=…)."
                )
    return found
