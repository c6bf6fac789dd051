"""Socket types: the words on the ends of wires, and which may be joined.

    accepts(SocketType("IMAGE"), SocketType("IMAGE,MASK"))  # is an IMAGE output good for this input?
"""

from __future__ import annotations

from dataclasses import dataclass


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


def accepts(output: SocketType, wanted: SocketType) -> bool:
    """Return whether a value of type `output` may arrive at a socket of type `wanted`."""
    if "*" in output.members or "*" in wanted.members or output.variable or wanted.variable:
        return True
    return output.members <= wanted.members or (wanted == COMBO and output == STRING)
