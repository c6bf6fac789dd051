"""Schema: all that a V3 node says of itself, and its description as object_info has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from compat.v3.dynamic import DynamicInput, described
from compat.v3.hidden import Hidden
from compat.v3.inputs import Input, Output
from compat.v3.matching import MatchType

NEEDED_BY_API_NODES = (Hidden.auth_token_comfy_org, Hidden.api_key_comfy_org, Hidden.comfy_usage_source)
NEEDED_BY_OUTPUT_NODES = (Hidden.prompt, Hidden.extra_pnginfo)
ENGINE = "jsonata"  # the language of prices


@dataclass
class NodeInfoV1:
    """A node type as object_info has it; what is not known is null there."""

    input: Any = None
    input_order: Any = None
    is_input_list: Any = None
    output: Any = None
    output_is_list: Any = None
    output_name: Any = None
    output_tooltips: Any = None
    output_matchtypes: Any = None
    name: Any = None
    display_name: Any = None
    description: Any = None
    python_module: Any = None
    category: Any = None
    output_node: Any = None
    deprecated: Any = None
    experimental: Any = None
    dev_only: Any = None
    api_node: Any = None
    price_badge: Any = None
    search_aliases: Any = None
    essentials_category: Any = None
    has_intermediate_output: Any = None


@dataclass
class PriceBadgeDepends:
    """What a price depends on, by name."""

    widgets: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    input_groups: list[str] = field(default_factory=list)

    def validate(self) -> None:
        """Raise ValueError for anything but lists of texts."""
        for name, value in vars(self).items():
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise ValueError(f"PriceBadgeDepends.{name} must be a list of texts.")

    def as_dict(self, schema_inputs: Iterable[Input]) -> dict[str, Any]:
        """Return what editors are told, with the types of the widgets; ValueError for a widget that there is not."""
        types: dict[str, str] = {}
        for each in schema_inputs:
            types[each.id] = each.get_io_type()
            types.update({f"{each.id}.{opened.id}": opened.get_io_type() for opened in each.get_all()[1:]})
        for name in self.widgets:
            if name not in types:
                raise ValueError(f"The price depends on the widget {name!r}, which is not among {', '.join(types)}.")
        widgets = [{"name": name, "type": types[name]} for name in self.widgets]
        return {"widgets": widgets, "inputs": self.inputs, "input_groups": self.input_groups}


@dataclass
class PriceBadge:
    """A price that editors compute."""

    expr: str
    depends_on: PriceBadgeDepends = field(default_factory=PriceBadgeDepends)
    engine: str = ENGINE

    def validate(self) -> None:
        """Raise ValueError for another language or an empty expression."""
        if self.engine != ENGINE:
            raise ValueError(f"A price in {self.engine!r} cannot be computed; use {ENGINE!r}.")
        if not isinstance(self.expr, str) or not self.expr.strip():
            raise ValueError("A price needs an expression; expr is empty.")
        self.depends_on.validate()

    def as_dict(self, schema_inputs: Iterable[Input]) -> dict[str, Any]:
        """Return what editors are told."""
        return {"engine": self.engine, "depends_on": self.depends_on.as_dict(schema_inputs), "expr": self.expr}


@dataclass
class Schema:
    """What a node is. The fields are ComfyUI's, in its order."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Any] = field(default_factory=list)
    outputs: list[Any] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    description: str = ""
    search_aliases: list[str] = field(default_factory=list)
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_dev_only: bool = False
    is_api_node: bool = False
    price_badge: PriceBadge | None = None
    not_idempotent: bool = False
    enable_expand: bool = False
    accept_all_inputs: bool = False
    essentials_category: str | None = None
    has_intermediate_output: bool = False

    def validate(self) -> None:
        """Raise ValueError if ids are not unique or a part is described wrongly."""
        plain = [each for each in self.inputs if not isinstance(each, DynamicInput)]
        ends: tuple[tuple[str, Sequence[Any]], ...] = (("Input", plain), ("Output", self.outputs))
        issues = [issue for kind, listed in ends for issue in _repeated(kind, listed)]
        if issues:
            raise ValueError("\n".join(issues))
        for each in (*self.inputs, *self.outputs):
            each.validate()
        if self.price_badge is not None:
            self.price_badge.validate()

    def finalize(self) -> None:
        """Fill in what follows from the rest: lists, hidden values that the kind of node needs, ids of outputs."""
        self.inputs = self.inputs or []
        self.outputs = self.outputs or []
        needed = (NEEDED_BY_API_NODES if self.is_api_node else ()) + (
            NEEDED_BY_OUTPUT_NODES if self.is_output_node else ()
        )
        self.hidden = [*(self.hidden or []), *(each for each in needed if each not in (self.hidden or []))]
        for place, output in enumerate(self.outputs):
            if output.id is None:
                output.id = f"_{place}_{output.io_type}_"

    def get_v1_info(self, cls: Any) -> NodeInfoV1:
        """Return the description of a node class."""
        groups: dict[str, Any] = described(self.inputs)
        if self.hidden:
            groups["hidden"] = {each.name: (each.value,) for each in self.hidden}
        return NodeInfoV1(
            input=groups,
            input_order={group: list(named) for group, named in groups.items()},
            is_input_list=self.is_input_list,
            **self._described_outputs(),
            name=self.node_id,
            display_name=self.display_name,
            description=self.description,
            python_module=getattr(cls, "RELATIVE_PYTHON_MODULE", "nodes"),
            category=self.category,
            output_node=self.is_output_node,
            deprecated=self.is_deprecated,
            experimental=self.is_experimental,
            dev_only=self.is_dev_only,
            api_node=self.is_api_node,
            price_badge=None if self.price_badge is None else self.price_badge.as_dict(self.inputs),
            search_aliases=self.search_aliases or None,
            essentials_category=self.essentials_category,
            has_intermediate_output=self.has_intermediate_output,
        )

    def _described_outputs(self) -> dict[str, Any]:
        templates = [each.template.template_id if isinstance(each, MatchType.Output) else None for each in self.outputs]
        return {
            "output": [each.io_type for each in self.outputs],
            "output_is_list": [each.is_output_list for each in self.outputs],
            "output_name": [shown_name(each) for each in self.outputs],
            "output_tooltips": [each.tooltip or None for each in self.outputs],
            "output_matchtypes": templates if any(templates) else None,
        }


def shown_name(output: Output) -> str:
    """Return the name that editors show at an output."""
    return output.display_name or output.io_type


def _repeated(kind: str, ends: Sequence[Any]) -> list[str]:
    counts = Counter(each.id for each in ends if each.id is not None)
    more = [name for name, count in counts.items() if count > 1]
    return [f"{kind} ids must differ; {', '.join(map(repr, more))} is there twice."] if more else []
