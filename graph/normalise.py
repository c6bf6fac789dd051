"""Convert the literals of a workflow as the widgets of their sockets want them.

converted(socket, "20")  # 20, where the socket takes an int
"""

from __future__ import annotations

from typing import Any

from graph.spec import Socket
from graph.workflow import Input, Link

WRAPPER = "__value__"  # ComfyUI wraps a literal list in {"__value__": [...]}, because a bare list is a link


def converted(socket: Socket, value: Input) -> Any:
    """Return a literal as the widget of its socket converts it; ValueError with a short sentence if it cannot."""
    if isinstance(value, Link):
        return value
    if isinstance(value, dict) and WRAPPER in value:
        value = value[WRAPPER]
    if socket.widget is None or (value is None and socket.is_optional):
        return value
    if socket.is_list and isinstance(value, list):
        return [socket.widget.convert(item) for item in value]
    return socket.widget.convert(value)
