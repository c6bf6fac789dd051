"""Which values an editor saves for a node type, in order: its widgets and what editors put between them.

    [slot.name for slot in widget_slots(KSampler.spec, {}.get)]
    # seed, control_after_generate, steps, cfg, sampler_name, scheduler, denoise

Documents hold these values without names. Required inputs come first, then the button of an uploaded file, then
optional inputs. The inputs that a choice opens (as sockets, or as `options` of a COMFY_DYNAMICCOMBO_V3 socket in object_info's
spelling) follow it, and so do those that a socket opens when it is linked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, NamedTuple

from graph.choices import Chooser
from graph.opening import SEPARATOR, ByValue, IfGiven
from graph.spec import MISSING, NodeSpec, Socket
from graph.widgets import Seed

SpecOf = Callable[[str], NodeSpec | None]  # a node type by name or alias: Registry.find
ValueOf = Callable[[str], Any]

DYNAMIC = "COMFY_DYNAMICCOMBO_V3"
OPENED_BY_LINK = "COMFY_DYNAMICSLOT_V3"
WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COLOR", DYNAMIC})
NUMBERS = frozenset({"INT", "FLOAT"})
SEED_NAMES = ("seed", "noise_seed")
UPLOADS = frozenset(
    {"image_upload", "video_upload", "audio_upload", "animated_image_upload", "mesh_upload", "file_upload"}
)
CONTROL, FILTER, UPLOAD = "control_after_generate", "control_filter_list", "upload"
OLD_UPLOAD = "choose file to upload"  # what the button's value was called in 2023
BESIDE = frozenset(
    {CONTROL, FILTER, UPLOAD, OLD_UPLOAD, "audioUI", "videopreview"}
)  # names of values that are no inputs
_EMPTY: Mapping[str, Any] = {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}


class Role(Enum):
    """What a saved value is for."""

    VALUE = "value"  # of an input
    CONTROL = "control"  # what happens to the value above after a run
    FILTER = "filter"  # by which a choice's control goes
    UPLOAD = "upload"  # the button's own value
    FORCED = "forced"  # of an input that once had a widget


class WidgetSlot(NamedTuple):
    """A place in a node's list of saved values."""

    name: str
    role: Role
    type: str = ""
    default: Any = MISSING


def widget_slots(spec: NodeSpec, value_of: ValueOf) -> Iterator[WidgetSlot]:
    """Yield the places in a node's list of saved values.

    `value_of` tells the value of a choice that opens inputs, and anything but None of a socket that is linked; it is
    asked after the choice's own slot was taken.
    """
    optional = [socket for socket in spec.inputs if socket.is_optional or socket.takes_any_name]
    required = [socket for socket in spec.inputs if socket not in optional]
    for socket in required:
        yield from _of_socket(socket, value_of)
    if any(_takes_upload(socket) for socket in spec.inputs):
        yield WidgetSlot(UPLOAD, Role.UPLOAD)
    for socket in optional:
        yield from _of_socket(socket, value_of)


def _of_socket(socket: Socket, value_of: ValueOf) -> Iterator[WidgetSlot]:
    if isinstance(socket.opens, IfGiven):
        if value_of(socket.name) is not None:
            yield from _inner(socket, socket.opens.sockets, value_of)
        return
    if socket.widget is None or socket.is_growing:
        return
    if socket.options.get("forceInput"):
        yield WidgetSlot(socket.name, Role.FORCED)
        return
    yield WidgetSlot(socket.name, Role.VALUE, socket.type.name, _default(socket))
    yield from _controls(socket.name, socket.type.name, _has_control(socket))
    if isinstance(socket.opens, ByValue) and "options" not in socket.options:
        yield from _inner(socket, socket.opens.sockets.get(value_of(socket.name), ()), value_of)
    elif socket.type.name == DYNAMIC:
        yield from _opened(socket.name, socket.options.get("options"), value_of)


def _inner(socket: Socket, opened: Iterable[Socket], value_of: ValueOf) -> Iterator[WidgetSlot]:
    """Yield the slots of the sockets that a socket opens, in the order in which editors are told of them."""
    for inner in sorted(opened, key=lambda each: each.is_optional):
        yield from _of_socket(replace(inner, name=f"{socket.name}{SEPARATOR}{inner.name}"), value_of)


def _default(socket: Socket) -> Any:
    """Return what an editor shows in a new node; MISSING if only the host knows (a file)."""
    if socket.default is None and isinstance(socket.opens, ByValue):
        return next(iter(socket.opens.sockets))
    if socket.default is not MISSING:
        return socket.default
    if "default" in socket.options:
        return socket.options["default"]
    if isinstance(socket.widget, Chooser) and (listed := socket.widget.choices()):
        return listed[0]
    return _EMPTY.get(socket.type.name, MISSING)


def _has_control(socket: Socket) -> bool:
    said = socket.options.get(CONTROL)
    if said is None and isinstance(socket.widget, Seed) and socket.widget.control_after_generate:
        return True
    return _is_controlled(socket.name, socket.type.name, said)


def _is_controlled(name: str, socket_type: str, said: Any) -> bool:
    """Return whether an editor changes the value after a run: if told so, else by the name of a whole number."""
    return bool(said) if said is not None else socket_type == "INT" and name in SEED_NAMES


def _controls(name: str, socket_type: str, is_controlled: bool) -> Iterator[WidgetSlot]:
    if is_controlled:
        yield WidgetSlot(CONTROL, Role.CONTROL)
        if socket_type not in NUMBERS:
            yield WidgetSlot(FILTER, Role.FILTER)


def _opened(name: str, options: Any, value_of: ValueOf) -> Iterator[WidgetSlot]:
    """Yield the slots that the chosen option of a dynamic choice opens, called `choice.input`."""
    known = [option for option in options if isinstance(option, dict)] if isinstance(options, list | tuple) else []
    chosen = value_of(name)
    option = next((option for option in known if option.get("key") == chosen), None)
    for inner, description in _described((option or {}).get("inputs")):
        yield from _described_slots(f"{name}.{inner}", description, value_of)


def _described(inputs: Any) -> Iterable[tuple[str, Any]]:
    groups = inputs if isinstance(inputs, dict) else {}
    return [item for group in ("required", "optional") for item in (groups.get(group) or {}).items()]


def _described_slots(name: str, description: Any, value_of: ValueOf) -> Iterator[WidgetSlot]:
    """Yield the slots of an input that is described in object_info's spelling: `["INT", {"default": 1}]`."""
    if not isinstance(description, list | tuple) or not description:
        return
    options = description[1] if len(description) > 1 and isinstance(description[1], dict) else {}
    choices = description[0] if isinstance(description[0], list) else options.get("options")
    socket_type = "COMBO" if isinstance(description[0], list) else str(description[0])
    if socket_type == OPENED_BY_LINK and value_of(name) is not None:
        for inner, inner_description in _described(options.get("inputs")):
            yield from _described_slots(f"{name}.{inner}", inner_description, value_of)
    if (socket_type not in WIDGET_TYPES and not options.get("widgetType")) or options.get("forceInput"):
        return
    first = choices[0] if choices and isinstance(choices, list) and not isinstance(choices[0], dict) else MISSING
    yield WidgetSlot(name, Role.VALUE, socket_type, options.get("default", _EMPTY.get(socket_type, first)))
    yield from _controls(name, socket_type, _is_controlled(name, socket_type, options.get(CONTROL)))
    if socket_type == DYNAMIC:
        yield from _opened(name, options.get("options"), value_of)


def _takes_upload(socket: Socket) -> bool:
    described = socket.widget.describe() if socket.widget is not None else {}
    return any(socket.options.get(name) or described.get(name) for name in UPLOADS)
