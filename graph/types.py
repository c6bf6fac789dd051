"""Socket types: the words on the ends of wires, and which may be joined.

accepts(SocketType("IMAGE"), SocketType("IMAGE,MASK"))  # is an IMAGE output good for this input?
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Lazy(Protocol[T_co]):
    """A promise of an input: `image: Lazy[Image]` is computed when, and only if, the node says `await image`."""

    def __await__(self) -> Generator[Any, Any, T_co]:
        """Have the value computed and return it."""
        ...


@dataclass(frozen=True)
class SocketType:
    """A type by ComfyUI's name: `IMAGE`, a union `IMAGE,MASK`, anything `*`, or a type variable `T` (`variable=True`).

    A node module declares a type once: `Image = Annotated[torch.Tensor, SocketType("IMAGE")]`.
    """

    name: str
    variable: bool = False

    @property
    def members(self) -> frozenset[str]:
        """The single types of a union."""
        return frozenset(part.strip() for part in self.name.split(","))

    def __str__(self) -> str:
        return self.name


ANY = SocketType("*")
INT = SocketType("INT")
FLOAT = SocketType("FLOAT")
STRING = SocketType("STRING")
BOOLEAN = SocketType("BOOLEAN")
COMBO = SocketType("COMBO")
COLOR = SocketType("COLOR")
GROWING = SocketType("COMFY_AUTOGROW_V3")  # one that may be given several times
OPENING = SocketType("COMFY_DYNAMICCOMBO_V3")  # a choice whose values open inputs of their own, in ComfyUI's word


def accepts(output: SocketType, wanted: SocketType) -> bool:
    """Return whether a value of type `output` may arrive at a socket of type `wanted`.

    As in ComfyUI, two unions fit if they share a member, and a whole number is not a FLOAT.
    """
    if output.name == wanted.name:
        return True
    if "*" in output.members or "*" in wanted.members or output.variable or wanted.variable:
        return True
    return not output.members.isdisjoint(wanted.members) or (wanted == COMBO and output == STRING)


def union(types: Iterable[SocketType]) -> SocketType:
    """Return the type that each of the types fits: one name, several joined by commas, or `*`."""
    names = [part.strip() for socket_type in types for part in socket_type.name.split(",")]
    return ANY if "*" in names else SocketType(",".join(dict.fromkeys(names)))
