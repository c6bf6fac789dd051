"""The V3 types that stand for several: MultiType, which is one of some, and MatchType, which is the same at several ends."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from compat.v3.inputs import ComfyType, ComfyTypeIO, WidgetInput
from compat.v3.inputs import Input as PlainInput
from compat.v3.inputs import Output as PlainOutput
from compat.v3.plain_types import AnyType


class MultiType(ComfyType):
    """Any of several types."""

    io_type = "COMFY_MULTITYPED_V3"

    class Input(PlainInput):
        """An input of several types. `id` may be an input with a widget, which is shown then."""

        signature = "id types display_name optional tooltip lazy extra_dict raw_link advanced"
        input_override: Any = None
        types: Sequence[Any]

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            """Take the parameters, and what an input in place of the id says."""
            super().__init__(*args, **kwargs)
            self._io_types = self.types
            if isinstance(self.id, PlainInput):
                shown = self.input_override = copy.copy(self.id)
                if isinstance(shown, WidgetInput):
                    shown.widget_type = shown.get_io_type()
                self._take_over(shown)

        def _take_over(self, shown: PlainInput) -> None:
            self.id = shown.id
            self.optional = bool(shown.optional or self.optional)
            for name in ("tooltip", "display_name", "lazy"):
                own = getattr(shown, name)
                setattr(self, name, getattr(self, name) if own is None else own)

        @property
        def io_types(self) -> list[Any]:
            """The types, as classes."""
            return [each if isinstance(each, type) else type(each) for each in self._io_types]

        def get_io_type(self) -> str:
            """Return the names of the types, each once."""
            shown = [] if self.input_override is None else [self.input_override.get_io_type()]
            return ",".join(dict.fromkeys([*shown, *(each.io_type for each in self.io_types)]))

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told, of the widget too."""
            shown: dict[str, Any] = {} if self.input_override is None else self.input_override.as_dict()
            return shown | super().as_dict()


class MatchType(ComfyTypeIO):
    """A type that is the same at all ends with one template."""

    io_type = "COMFY_MATCHTYPE_V3"

    class Template:
        """A name for the type, and which types it may be."""

        def __init__(self, template_id: str, allowed_types: Any = AnyType) -> None:
            """Take one type or several; ValueError for anything else."""
            allowed = list(allowed_types) if isinstance(allowed_types, Iterable) else [allowed_types]
            for each in allowed:
                kind = each if isinstance(each, type) else type(each)
                if not issubclass(kind, ComfyType):
                    raise ValueError(
                        f"{kind.__name__} is no type of io; a template allows such types or a list of them."
                    )
            self.template_id = template_id
            self.allowed_types = allowed

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told."""
            names = ",".join(str(each.io_type) for each in self.allowed_types)
            return {"template_id": self.template_id, "allowed_types": names}

    class Input(PlainInput):
        """An input of the template's type."""

        signature = "id template display_name optional tooltip lazy extra_dict raw_link advanced"
        template: Any

        def as_dict(self) -> dict[str, Any]:
            """Return what editors are told, with the template."""
            return super().as_dict() | {"template": self.template.as_dict()}

    class Output(PlainOutput):
        """An output of the template's type."""

        def __init__(
            self,
            template: Any,
            id: str | None = None,
            display_name: str | None = None,
            tooltip: str | None = None,
            is_output_list: bool = False,
        ) -> None:
            """Take the template and what editors are told."""
            shown = display_name if id or display_name else "MATCHTYPE"
            super().__init__(id, shown, tooltip, is_output_list)
            self.template = template

        def as_dict(self) -> dict[str, Any]:
            """Return what there is to tell, with the template."""
            return super().as_dict() | {"template": self.template.as_dict()}
