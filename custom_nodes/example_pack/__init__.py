"""Every annotation that a node may have, each in a node that does something. docs/nodes.md explains them.

Copy the folder, or begin with `weft nodes new NAME`. A saved file is loaded at once.
"""

from __future__ import annotations

import time
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import torch

from graph.dynamic import Block
from graph.run import Run
from graph.spec import node
from graph.types import Lazy, SocketType
from graph.widgets import Choice, Color, File, Range, Seed, Text, Toggle
from nodes.sockets import Image, Mask

T = TypeVar("T")
Palette = Annotated[
    list[str], SocketType("EXAMPLE_PALETTE")
]  # a wire of one's own: outputs and inputs fit by this name


class Direction(Enum):
    ACROSS = "across"
    DOWN = "down"


class Halves(NamedTuple):
    """Named outputs."""

    first: Image
    second: Image


@node(category="example", display_name="Noise picture (example)")
def ExampleNoise(
    width: Annotated[int, Range(16, 4096, step=8)] = 64,
    height: Annotated[int, Range(16, 4096, step=8)] = 64,
    seed: Annotated[int, Seed()] = 0,
    color: Annotated[str, Color()] = "#ffaa00",
) -> Image:
    """Make a picture of coloured noise: numbers with ends, a seed, a colour.

    color: what the noise fades to.
    """
    noise = torch.rand((1, height, width, 1), generator=torch.Generator().manual_seed(seed))
    return noise * torch.tensor([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])


@node(category="example")
def ExampleCaption(
    text: Annotated[str, Text(multiline=True, placeholder="Write something")],
    mood: Annotated[str, Choice(("calm", "loud"))] = "calm",
    end: Literal[".", "!", "?"] = ".",
    shout: Annotated[bool, Toggle("shout", "speak")] = False,
) -> str:
    """Write a sentence: a text of several lines, choices by a list and by a Literal, a switch with words."""
    sentence = f"{text} ({mood}){end}"
    return sentence.upper() if shout else sentence


@node(category="example")
def ExampleFileName(name: Annotated[str, File("checkpoints")]) -> str:
    """Tell the name of a model file; the node runs again when the file's content changes."""
    return name


@node(category="example")
def ExampleSplit(image: Image, direction: Direction = Direction.ACROSS) -> Halves:
    """Cut a picture in two: an Enum as choice, two outputs with names."""
    first, second = image.chunk(2, dim=2 if direction is Direction.ACROSS else 1)
    return Halves(first, second)


@node(category="example")
def ExampleFade(image: Image | Mask, mask: Mask | None = None, strength: float = 0.5, times: int = 1) -> Image:
    """Darken a picture or a mask: either type, an optional socket, plain numbers."""
    factor = 1 - strength * (1.0 if mask is None else mask[..., None])
    picture = image if image.ndim == 4 else image[..., None].expand(-1, -1, -1, 3)
    return picture * factor**times


@node(category="example")
def ExampleMean(images: list[Image]) -> Image:
    """Average all pictures of a list: list[Image] wants the whole list, where Image would be called for each."""
    return torch.cat(images).mean(dim=0, keepdim=True)


@node(category="example")
def ExampleStack(*images: Image) -> list[Image]:
    """Make a list of pictures: a socket that grows, an output that is a list."""
    return list(images)


@node(category="example")
def ExampleFill(template: str = "{name}", **values: Any) -> str:
    """Fill the {places} of a text: inputs of any name and any type."""
    return template.format_map({"name": "nobody", **values})


@node(category="example")
async def ExampleSwitch(condition: bool, on_true: Lazy[T], on_false: Lazy[T]) -> T:
    """Compute one of two branches: promises, and one type on both sides."""
    return await on_true if condition else await on_false


@node(category="example")
async def ExampleRepeat(image: Image, times: Annotated[int, Range(1, 100)] = 2, *, run: Run) -> Image:
    """Fade a picture again and again: progress, cancel, and calls of another node through the engine."""
    for _ in run.track(range(times)):
        image = await run.call(ExampleFade, image=image, strength=0.1)
    return image


@node(category="example")
def ExamplePalette(words: str = "red green") -> Palette:
    """Give a value of a type of one's own."""
    return words.split()


@node(category="example")
def ExampleFirst(palette: Palette, least: int = 1) -> str | Block:
    """Read that value, or stop what follows with a sentence."""
    return palette[0] if len(palette) >= least else Block(f"The palette has fewer than {least} words.")


@node(category="example", pure=False)
def ExampleClock() -> float:
    """Tell the time; pure=False: it is computed in each run."""
    return time.time()


@node(category="example", output=True)
def ExampleShow(text: str, *, run: Run) -> None:
    """Show a text below the node; output=True: it runs although nothing reads it."""
    run.show("text", [text])
