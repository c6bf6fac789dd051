"""What a scene is made of: the vocabulary, and the frozen values that the grammar and the painter share.

Scene(sky="night", ground="snow", horizon=0.62, things=(Thing("house", colour="red", x=0.3, y=0.72),))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Rgb = tuple[int, int, int]

SKIES: Mapping[str, Rgb] = MappingProxyType({"day": (125, 200, 250), "sunset": (250, 150, 140), "night": (22, 24, 72)})
GROUNDS: Mapping[str, Rgb] = MappingProxyType(
    {"grass": (110, 195, 75), "snow": (238, 244, 250), "sand": (228, 200, 140), "sea": (20, 120, 160)}
)
COLOURS: Mapping[str, Rgb] = MappingProxyType(
    {
        "red": (215, 25, 35),
        "orange": (255, 125, 0),
        "yellow": (255, 222, 0),
        "green": (10, 105, 45),
        "blue": (40, 55, 225),
        "purple": (140, 40, 185),
    }
)
GROUND_THINGS = ("house", "tree", "mountain", "boat", "flower")
SKY_THINGS = ("sun", "moon", "cloud", "star")
SIZES: Mapping[str, float] = MappingProxyType({"small": 0.75, "normal": 1.0, "big": 1.25})


@dataclass(frozen=True)
class Thing:
    """One named thing; `x`, `y` say where it stands (ground) or hangs (sky), as parts of the picture's side."""

    kind: str
    x: float
    y: float
    colour: str | None = None
    size: str = "normal"
    stretch: float = 1.0

    @property
    def in_sky(self) -> bool:
        """Whether the thing belongs to the sky."""
        return self.kind in SKY_THINGS


@dataclass(frozen=True)
class Scene:
    """A sky, a ground, where they meet (a part of the height), and one to three things."""

    sky: str
    ground: str
    horizon: float
    things: tuple[Thing, ...]
