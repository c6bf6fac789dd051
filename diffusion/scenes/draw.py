"""Paint a scene: flat colours, big shapes, soft edges.

Everything is drawn at four times the size and averaged down, so that edges are smooth.

    picture = draw(scene)  # (128, 128, 3) uint8
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from diffusion.scenes.scene import COLOURS, GROUNDS, SIZES, SKIES, Rgb, Scene, Thing

OVERSAMPLING = 4
WHITE: Rgb = (255, 255, 255)
TRUNK: Rgb = (105, 65, 35)
ROOF: Rgb = (85, 45, 40)
SUN: Rgb = (255, 205, 20)
MOON: Rgb = (245, 240, 205)
STAR: Rgb = (255, 240, 90)
STEM: Rgb = (20, 95, 35)

Point = tuple[float, float]


class Brush:
    """Draws polygons and discs in the coordinates of one thing: its foot or centre is (0, 0), y points up."""

    def __init__(self, canvas: ImageDraw.ImageDraw, side: int, thing: Thing) -> None:
        self._canvas, self._side, self._thing = canvas, side, thing
        self._scale = SIZES[thing.size]
        self.colour: Rgb = COLOURS[thing.colour] if thing.colour else WHITE

    def _pixel(self, point: Point) -> Point:
        x = self._thing.x + point[0] * self._scale
        y = self._thing.y - point[1] * self._scale * self._thing.stretch
        return x * self._side, y * self._side

    def polygon(self, points: list[Point], fill: Rgb) -> None:
        """Fill a polygon."""
        self._canvas.polygon([self._pixel(point) for point in points], fill=fill)

    def disc(self, centre: Point, radius: float, fill: Rgb, squeeze: float = 1.0) -> None:
        """Fill a disc; `squeeze` is its height over its width."""
        left, top = self._pixel((centre[0] - radius, centre[1] + radius * squeeze))
        right, bottom = self._pixel((centre[0] + radius, centre[1] - radius * squeeze))
        self._canvas.ellipse((left, top, right, bottom), fill=fill)

    def box(self, left: float, bottom: float, right: float, top: float, fill: Rgb) -> None:
        """Fill a rectangle."""
        self.polygon([(left, bottom), (right, bottom), (right, top), (left, top)], fill)


def _house(brush: Brush) -> None:
    brush.box(-0.13, 0.0, 0.13, 0.2, brush.colour)
    brush.polygon([(-0.17, 0.2), (0.17, 0.2), (0.0, 0.34)], ROOF)
    brush.box(-0.035, 0.0, 0.035, 0.11, ROOF)


def _tree(brush: Brush) -> None:
    brush.box(-0.028, 0.0, 0.028, 0.16, TRUNK)
    brush.disc((0.0, 0.25), 0.125, brush.colour, squeeze=1.05)


def _mountain(brush: Brush) -> None:
    brush.polygon([(-0.27, 0.0), (0.27, 0.0), (0.0, 0.35)], brush.colour)
    brush.polygon([(-0.085, 0.24), (0.085, 0.24), (0.0, 0.35)], WHITE)


def _boat(brush: Brush) -> None:
    brush.polygon([(-0.1, 0.0), (0.1, 0.0), (0.17, 0.09), (-0.17, 0.09)], brush.colour)
    brush.box(-0.012, 0.09, 0.012, 0.36, TRUNK)
    brush.polygon([(0.018, 0.11), (0.018, 0.35), (0.15, 0.11)], WHITE)


def _flower(brush: Brush) -> None:
    brush.box(-0.016, 0.0, 0.016, 0.2, STEM)
    for petal in range(5):
        angle = math.tau * (petal / 5 + 0.25)
        brush.disc((0.075 * math.cos(angle), 0.24 + 0.075 * math.sin(angle)), 0.056, brush.colour)
    brush.disc((0.0, 0.24), 0.04, WHITE)


def _sun(brush: Brush) -> None:
    brush.disc((0.0, 0.0), 0.105, SUN)


def _moon(brush: Brush) -> None:
    start = 0.3 * math.pi
    outer = [(0.105 * math.cos(a), 0.105 * math.sin(a)) for a in np.linspace(start, math.tau - start, 40)]
    tip_x, tip_y = outer[0]
    centre_x = 0.095
    radius = math.hypot(tip_x - centre_x, tip_y)
    edge = math.atan2(tip_y, tip_x - centre_x)
    inner = [(centre_x + radius * math.cos(a), radius * math.sin(a)) for a in np.linspace(math.tau - edge, edge, 40)]
    brush.polygon(outer + inner, MOON)


def _cloud(brush: Brush) -> None:
    for x, y, radius in ((-0.1, 0.0, 0.055), (0.0, 0.03, 0.08), (0.1, 0.0, 0.06)):
        brush.disc((x, y), radius, WHITE)
    brush.box(-0.1, -0.055, 0.1, 0.0, WHITE)


def _star(brush: Brush) -> None:
    radii = (0.11, 0.046)
    angles = [math.tau * (corner / 10 + 0.25) for corner in range(10)]
    brush.polygon([(radii[i % 2] * math.cos(a), radii[i % 2] * math.sin(a)) for i, a in enumerate(angles)], STAR)


PAINTERS: Mapping[str, Callable[[Brush], None]] = MappingProxyType(
    {
        "house": _house,
        "tree": _tree,
        "mountain": _mountain,
        "boat": _boat,
        "flower": _flower,
        "sun": _sun,
        "moon": _moon,
        "cloud": _cloud,
        "star": _star,
    }
)
BACK_TO_FRONT = ("sun", "moon", "star", "cloud", "mountain", "house", "tree", "boat", "flower")


def draw(scene: Scene, side: int = 128) -> NDArray[np.uint8]:
    """Paint `scene` as (side, side, 3) uint8 RGB."""
    big = side * OVERSAMPLING
    image = Image.new("RGB", (big, big), SKIES[scene.sky])
    canvas = ImageDraw.Draw(image)
    canvas.rectangle((0, round(scene.horizon * big), big, big), fill=GROUNDS[scene.ground])
    for thing in sorted(scene.things, key=lambda thing: BACK_TO_FRONT.index(thing.kind)):
        PAINTERS[thing.kind](Brush(canvas, big, thing))
    return np.asarray(image.reduce(OVERSAMPLING), dtype=np.uint8)
