"""The V3 types whose inputs are several, or open others: Autogrow, DynamicCombo, DynamicSlot.

    Autogrow.Input("images", Autogrow.TemplatePrefix(Image.Input("image"), prefix="image", min=1, max=8))

In a prompt, an input that another opens is named after it: `images.image0`, `mode.width`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from compat.v3.inputs import ComfyTypeI, Input, Output, WidgetInput, set_only

Described = dict[str, dict[str, tuple[str, dict[str, Any]]]]
MOST_NAMES = 100  # inputs that one Autogrow may open


def described(inputs: Iterable[Input]) -> Described:
    """Return inputs as object_info has them: by group and name, the type and what editors are told."""
    groups: Described = {"required": {}}
    for each in inputs:
        add_described(each, groups)
    return groups


def add_described(each: Input, groups: Described) -> None:
    """Put an input into its group."""
    told = {name: value for name, value in each.as_dict().items() if name != "optional"}
    groups.setdefault("optional" if each.optional else "required", {})[each.id] = (each.get_io_type(), told)


class DynamicInput(Input):
    """An input that opens others."""


class DynamicOutput(Output):
    """An output that depends on inputs."""


class _Growth:
    """What an Autogrow repeats: an input, and the names that it gets."""

    def __init__(self, input: Input, names: list[str], min: int) -> None:
        if isinstance(input, DynamicInput):
            raise AssertionError("An Autogrow cannot repeat an input that opens others; use a plain one.")
        if min < 0:
            raise AssertionError(f"An Autogrow cannot begin with {min} inputs; use 0 or more.")
        self.input = copy.copy(input)
        if isinstance(self.input, WidgetInput):
            self.input.force_input = True
        self.names = names
        self.min = min

    @property
    def cached_inputs(self) -> dict[str, Input]:
        """The inputs by name."""
        return {name: self._named(name) for name in self.names}

    def _named(self, name: str) -> Input:
        one = copy.copy(self.input)
        one.id = name
        return one

    def get_all(self) -> list[Input]:
        """Return all inputs that there may be."""
        return list(self.cached_inputs.values())

    def validate(self) -> None:
        """Raise ValueError if the repeated input is described wrongly."""
        self.input.validate()

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told."""
        return {"input": described([self.input])}


class Autogrow(ComfyTypeI):
    """As many inputs as the user links."""

    io_type = "COMFY_AUTOGROW_V3"
    Type = dict
    _MaxNames = MOST_NAMES

    class TemplatePrefix(_Growth):
        """Inputs with a common beginning and a number: image0, image1 …"""

        def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:
            """Take the input to repeat and how often."""
            if not 1 <= max <= MOST_NAMES:
                raise AssertionError(f"An Autogrow cannot have {max} inputs; use 1 to {MOST_NAMES}.")
            super().__init__(input, [f"{prefix}{number}" for number in range(max)], min)
            self.prefix = prefix
            self.max = max

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told."""
            return super().as_dict() | {"prefix": self.prefix, "min": self.min, "max": self.max}

    class TemplateNames(_Growth):
        """Inputs with names of their own."""

        def __init__(self, input: Input, names: list[str], min: int = 1) -> None:
            """Take the input to repeat and the names."""
            super().__init__(input, names[:MOST_NAMES], min)

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told."""
            return super().as_dict() | {"names": self.names, "min": self.min}

    class Input(DynamicInput):
        """An input that is several."""

        signature = "id template display_name optional tooltip lazy extra_dict"
        template: Any

        def get_all(self) -> list[Input]:
            """Return the input and all that it may open."""
            return [self, *self.template.get_all()]

        def validate(self) -> None:
            """Raise ValueError if the repeated input is described wrongly."""
            self.template.validate()

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told, with what is repeated."""
            return super().as_dict() | {"template": self.template.as_dict()}


class DynamicCombo(ComfyTypeI):
    """A choice that opens inputs."""

    io_type = "COMFY_DYNAMICCOMBO_V3"
    Type = dict

    class Option:
        """A value that may be chosen, and the inputs that it opens."""

        def __init__(self, key: str, inputs: list[Input]) -> None:
            """Take the value and the inputs."""
            self.key = key
            self.inputs = inputs

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told."""
            return {"key": self.key, "inputs": described(self.inputs)}

    class Input(DynamicInput):
        """A choice."""

        signature = "id options display_name optional tooltip lazy extra_dict"
        options: Sequence[Any]

        def get_all(self) -> list[Input]:
            """Return the input and all that it may open."""
            return [self, *(each for option in self.options for each in option.inputs)]

        def validate(self) -> None:
            """Raise ValueError if an input of an option is described wrongly."""
            for each in self.get_all()[1:]:
                each.validate()

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told, with the options."""
            return super().as_dict() | {"options": [option.as_dict() for option in self.options]}


class DynamicSlot(ComfyTypeI):
    """A socket that opens inputs when it is linked."""

    io_type = "COMFY_DYNAMICSLOT_V3"
    Type = dict

    class Input(DynamicInput):
        """A socket; it is always optional."""

        signature = "slot inputs display_name tooltip lazy extra_dict"
        defaults: ClassVar[Mapping[str, Any]] = {}
        slot: Any
        inputs: Sequence[Any]
        force_input: bool | None = None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            """Take the socket and the inputs; what is said of the socket itself goes first."""
            super().__init__(*args, **kwargs)
            if isinstance(self.slot, DynamicInput):
                raise AssertionError("A DynamicSlot cannot be an input that opens others; use a plain one.")
            slot = self.slot = copy.copy(self.slot)
            for name in ("display_name", "tooltip", "lazy"):
                own = getattr(slot, name)
                setattr(slot, name, getattr(self, name) if own is None else own)
                setattr(self, name, getattr(slot, name))
            self.id, self.optional, self.extra_dict = slot.id, True, slot.extra_dict
            if isinstance(slot, WidgetInput):
                self.force_input = slot.force_input = True

        def get_all(self) -> list[Input]:
            """Return the socket and all that it may open."""
            return [self.slot, *self.inputs]

        def validate(self) -> None:
            """Raise ValueError if an input is described wrongly."""
            for each in self.get_all():
                each.validate()

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told, with what it opens."""
            told = {
                "slotType": str(self.slot.get_io_type()),
                "inputs": described(self.inputs),
                "forceInput": self.force_input,
            }
            return super().as_dict() | set_only(told)
