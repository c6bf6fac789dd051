"""What inputs and outputs of every V3 type have in common, and the types themselves: a class with an `Input` and an `Output`.

    Int.Input("steps", default=20, min=1).as_dict()  # {"default": 20, "min": 1}, as object_info has it

An input class says with `signature` which parameters it takes, in order; they become attributes, and those that are set
are told to editors in the spelling of `WORDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

T = TypeVar("T", bound=type)

# How object_info spells parameters, where it is another word.
WORDS: Mapping[str, str] = {
    "raw_link": "rawLink",
    "widget_type": "widgetType",
    "force_input": "forceInput",
    "dynamic_prompts": "dynamicPrompts",
    "display_mode": "display",
}
SHARED = ("display_name", "optional", "tooltip", "lazy", "raw_link", "advanced")  # told of every input
BESIDE_WIDGETS = ("default", "socketless", "widget_type", "force_input")  # and of those with a widget
ATTRIBUTES: Mapping[str, str] = {"raw_link": "rawLink"}  # parameters that packs read under another name


def set_only(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is not None."""
    return {name: value for name, value in values.items() if value is not None}


class End:
    """An input or an output of a node. `Parent` is the type whose end it is."""

    Parent: Any = None

    @property
    def io_type(self) -> str:
        """The type's name on wires."""
        return str(self.Parent.io_type)

    @property
    def Type(self) -> Any:
        """The Python type of the values."""
        return self.Parent.Type

    def get_io_type(self) -> str:
        """Return the type as object_info has it."""
        return self.io_type

    def validate(self) -> None:
        """Raise ValueError if the end is described wrongly; most have nothing to be wrong."""


class Input(End):
    """An input. Its parameters are listed in `signature`; `told` names those that only this kind tells editors."""

    signature: ClassVar[str] = "id display_name optional tooltip lazy extra_dict raw_link advanced"
    defaults: ClassVar[Mapping[str, Any]] = {"optional": False}
    told: ClassVar[tuple[str, ...]] = ()

    id: str
    display_name: str | None = None
    optional: bool = False
    tooltip: str | None = None
    lazy: bool | None = None
    extra_dict: dict[str, Any]
    rawLink: bool | None = None
    advanced: bool | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the parameters of the signature, by place or by name."""
        for name, value in self._arguments(args, kwargs).items():
            setattr(self, ATTRIBUTES.get(name, name), value)
        self.extra_dict = getattr(self, "extra_dict", None) or {}

    @classmethod
    def _arguments(cls, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        names = cls.signature.split()
        if len(args) > len(names):
            raise TypeError(f"{cls.__qualname__} takes {len(names)} arguments, but {len(args)} are given")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        strange = [name for name in given if name not in names]
        if strange:
            raise TypeError(f"{cls.__qualname__} has no argument {strange[0]!r}; it has {', '.join(names)}")
        if names[0] not in given:
            raise TypeError(f"{cls.__qualname__} needs {names[0]!r}")
        return {name: given.get(name, cls.defaults.get(name)) for name in names}

    def _spelled(self, names: tuple[str, ...]) -> dict[str, Any]:
        found = {WORDS.get(name, name): getattr(self, ATTRIBUTES.get(name, name), None) for name in names}
        return set_only(found)

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told of the input."""
        return self._spelled(SHARED) | set_only(self.extra_dict) | self._spelled(self.told)

    def get_all(self) -> list[Input]:
        """Return the input and those that it may open."""
        return [self]


class WidgetInput(Input):
    """An input with a widget beside its socket."""

    signature = (
        "id display_name optional tooltip lazy default socketless widget_type force_input extra_dict raw_link advanced"
    )

    default: Any = None
    socketless: bool | None = None
    widget_type: str | None = None
    force_input: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what editors are told of the input and its widget."""
        shared = self._spelled(SHARED) | set_only(self.extra_dict)
        return shared | self._spelled(BESIDE_WIDGETS) | self._spelled(self.told)

    def get_io_type(self) -> str:
        """Return the widget's type, if another was asked for."""
        return self.io_type if self.widget_type is None else self.widget_type


class Output(End):
    """An output."""

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        """Take what editors are told of the output."""
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to tell of the output."""
        names = ("display_name", "tooltip", "is_output_list")
        return set_only({name: getattr(self, name) for name in names})


class ComfyType:
    """A type of values on wires; `io_type` is its name, `Type` the Python type."""

    io_type: ClassVar[str] = ""
    Type: ClassVar[Any] = Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give the class ends of its own, which know it."""
        super().__init_subclass__(**kwargs)
        own_ends(cls)


def own_ends(cls: Any) -> None:
    """Give a type an Input and an Output class of its own, whose Parent it is."""
    for name in ("Input", "Output"):
        shared = getattr(cls, name, None)
        if shared is None:
            continue
        if vars(shared).get("Parent") is not cls:
            named = {"__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.{name}"}
            setattr(cls, name, type(name, (shared,), {**named, "__doc__": shared.__doc__, "Parent": cls}))


class ComfyTypeI(ComfyType):
    """A type that is only taken, never given."""

    Input: ClassVar[Any] = Input


class ComfyTypeIO(ComfyTypeI):
    """A type that is taken and given."""

    Output: ClassVar[Any] = Output


def comfytype(io_type: str, **kwargs: Any) -> Callable[[T], T]:
    """Return a decorator that makes a class a type of that name; its `Input` and `Output` may be classes of its own."""

    def decorate(cls: Any) -> Any:
        if not issubclass(cls, ComfyType):
            hidden = ("__dict__", "__weakref__")
            cls = type(
                cls.__name__,
                (cls, ComfyTypeIO),
                {name: value for name, value in vars(cls).items() if name not in hidden},
            )
        cls.io_type = io_type
        own_ends(cls)
        return cls

    return decorate


def Custom(io_type: str) -> Any:
    """Return a type with a name of the pack's own."""
    return named_type(io_type.replace("*", "Any") or "Custom", io_type)


def named_type(name: str, io_type: str, python_type: Any = Any, **inner: Any) -> Any:
    """Return a type whose ends have no more than every end; `inner`: names within it that packs annotate with."""
    return type(name, (ComfyTypeIO,), {"io_type": io_type, "Type": python_type, "__module__": __name__, **inner})
