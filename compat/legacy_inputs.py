"""INPUT_TYPES of a class as sockets of the engine.

declared = read_inputs(Blur, checks)
declared.sockets                # one for each required and optional input, and what else the function may be given
declared.hidden["unique_id"]    # "UNIQUE_ID": the function is given the id of its node by that name
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from compat.legacy_choices import Listing, choice_widget
from compat.legacy_types import Described, read_input
from graph.spec import Socket
from graph.types import ANY, BOOLEAN, COMBO, FLOAT, INT, STRING
from graph.widgets import Range, Text, Toggle, Widget

GROUPS = ("required", "optional")
HIDDEN = "hidden"
ANY_NAME = "**"  # the socket for names that the class does not list; no input of a workflow has this name
UNLISTED = "a name that no pack gives to an input"
HOST_VALUES = frozenset(
    {
        "PROMPT",
        "DYNPROMPT",
        "EXTRA_PNGINFO",
        "UNIQUE_ID",
        "AUTH_TOKEN_COMFY_ORG",
        "API_KEY_COMFY_ORG",
        "COMFY_USAGE_SOURCE",
    }
)


class Rules(NamedTuple):
    """What else bears on the inputs. `checked_by_class`: the class checks that input itself, so the engine does not."""

    is_list: bool = False  # INPUT_IS_LIST
    takes_more: bool = False  # the function has **kwargs
    checked_names: frozenset[str] = frozenset()
    checks_all: bool = False
    checks_types: bool = False
    listing: Listing | None = None  # how to ask for lists anew; None if they never change

    def checked_by_class(self, name: str) -> bool:
        """Whether the class checks an input itself."""
        return self.checks_all or name in self.checked_names


class Declared(NamedTuple):
    """The inputs of a class. `is_dynamic`: it takes literals of any name too."""

    sockets: tuple[Socket, ...]
    hidden: Mapping[str, str]
    is_dynamic: bool

    @property
    def names(self) -> frozenset[str]:
        """The names that the class lists."""
        return frozenset(socket.name for socket in self.sockets if not socket.is_growing)


def read_inputs(inputs: Mapping[str, Any], rules: Rules) -> Declared:
    """Return the sockets of what INPUT_TYPES gave."""
    sockets: dict[str, Socket] = {}
    for group in GROUPS:
        for name, entry in (inputs.get(group) or {}).items():
            if name not in sockets:
                sockets[name] = _socket(name, read_input(entry), rules, is_optional=group != "required")
    hidden = inputs.get(HIDDEN) or {}
    host = {name: str(word) for name, word in hidden.items() if isinstance(word, str) and word in HOST_VALUES}
    for name in hidden:
        if name not in host and name not in sockets:
            sockets[name] = Socket(name, ANY, is_optional=True, is_list=rules.is_list, takes_literals=True)
    answer = _answer_for_any_name(inputs)
    more = (_more(answer, rules),) if answer is not None or rules.takes_more else ()
    return Declared((*sockets.values(), *more), host, answer is not None)


def _socket(name: str, described: Described, rules: Rules, *, is_optional: bool) -> Socket:
    return Socket(
        name=name,
        type=ANY if rules.checks_types else described.type,
        widget=_widget(name, described, rules),
        is_optional=is_optional,
        is_list=rules.is_list,
        is_lazy=bool(described.options.get("lazy")),
        is_reference=bool(described.options.get("rawLink")),
        takes_literals=True,
        tooltip=str(described.options.get("tooltip") or ""),
        options=dict(described.options),
    )


def _widget(name: str, described: Described, rules: Rules) -> Widget | None:
    options, is_checked = described.options, not rules.checked_by_class(name)
    if described.type in (INT, FLOAT):
        low, high, step = (_number(options.get(word)) for word in ("min", "max", "step"))
        number = int if described.type == INT else float
        return Range(low, high, step, number=number) if is_checked else Range(step=step, number=number)
    if described.type == STRING:
        return Text(multiline=bool(options.get("multiline")))
    if described.type == BOOLEAN:
        return Toggle()
    if described.type == COMBO:
        return choice_widget(name, described.choices, options, listing=rules.listing, is_checked=is_checked)
    return None


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value == value else None


def _answer_for_any_name(inputs: Mapping[str, Any]) -> Described | None:
    """Return what a dictionary says of names that it does not list, if it claims to have every name."""
    for group in (*GROUPS, HIDDEN):
        listed = inputs.get(group)
        if listed is not None and UNLISTED in listed:
            try:
                return read_input(listed[UNLISTED])
            except LookupError:
                return Described(ANY, {})
    return None


def _more(answer: Described | None, rules: Rules) -> Socket:
    options = {} if answer is None else answer.options
    return Socket(
        name=ANY_NAME,
        type=ANY,
        is_optional=True,
        is_list=rules.is_list,
        is_lazy=bool(options.get("lazy")),
        is_reference=bool(options.get("rawLink")),
        is_growing=True,
        takes_any_name=True,
        takes_literals=True,
    )
