"""Read a picture of a scene back, from its pixels alone: which sky, which ground, which things of which colour where.

    found = Judge().read(picture)  # picture: (128, 128, 3) uint8
    found.sky, [thing.kind for thing in found.things]

Analysis by synthesis: the sky and the ground are the pair of flat colours that fits best. Then, again and again, the
thing is added (of all kinds, colours, sizes and places) that explains most of what is left, while it explains enough.
All places of a thing are tried at once, as a correlation in Fourier space.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_dilation

from diffusion.scenes import COLOURS, GROUNDS, SKIES, Thing
from diffusion.scenes.draw import OVERSAMPLING, PAINTERS, Brush
from diffusion.scenes.scene import GROUND_THINGS, SKY_THINGS

Floats = NDArray[np.float64]

SIDE = 64  # pictures are read at half their size
FIELD = 112  # … in the middle of a larger field, so that a thing may reach over the edge
SCALES = (
    0.75,
    0.83,
    0.91,
    1.0,
    1.08,
    1.16,
    1.25,
)  # of a thing's normal size; the painter's are the first, the middle one and the last
HORIZONS = range(round(0.5 * SIDE), round(0.75 * SIDE))
CLIPPED = 60.0**2  # how much a pixel that belongs to a thing may count against a sky or a ground
THERE = 0.6  # a thing is there if it explains this part of how a perfect one would stand out from the background …
VISIBLE = 0.5  # … this part of it at least lies inside the picture …
ENERGY = 15 * 100.0**2  # … and it explains as much as 15 pixels that are wrong by 100
RING = (2, 4)  # what counts as the surroundings of a thing, in pixels from its edge
OTHER = 0.45  # the surroundings may be other than the background up to this part
MIDDLE = 0.5  # nothing of the ground stands above this part of the height, nothing of the sky hangs below it
MOST_THINGS = 6
TRIES = 10  # of the best templates, one place each
HALF_HEIGHT = 0.18  # of the things that stand on the ground, at their normal size


@dataclass(frozen=True)
class FoundThing:
    """A thing in a picture; `x`, `y` say where it stands or hangs, as parts of the picture's side (see Thing)."""

    kind: str
    colour: str | None
    x: float
    y: float


@dataclass(frozen=True)
class Found:
    """What a picture shows."""

    sky: str
    ground: str
    things: tuple[FoundThing, ...]


@dataclass(frozen=True)
class Template:
    """One thing at one size: how opaque it is and its colour, (FIELD, FIELD) and (FIELD, FIELD, 3).

    foot: by how much it stands below the field's middle, as a part of the picture's side, so that its middle is there.
    """

    kind: str
    colour: str | None
    alpha: Floats
    paint: Floats
    foot: float


class Judge:
    """Reads pictures. It has state only because its templates are dear to make."""

    def __init__(self) -> None:
        self._templates = [
            _template(kind, colour, scale)
            for kind, colour in (*product(GROUND_THINGS, COLOURS), *product(SKY_THINGS, (None,)))
            for scale in SCALES
        ]
        alpha = np.stack([template.alpha for template in self._templates])
        paint = np.stack([template.paint for template in self._templates])
        self._alpha = _spectrum(alpha)
        self._colours = [_spectrum(alpha * paint[..., channel]) for channel in range(3)]
        self._power = _spectrum(alpha * (paint**2).sum(axis=-1))
        self._inside = _in_field(np.ones((SIDE, SIDE)))
        self._forbidden = np.stack([_forbidden_shifts(template) for template in self._templates])

    def read(self, picture: NDArray[np.uint8]) -> Found:
        """Say what a picture (128, 128, 3) shows."""
        pixels = _half(picture)
        sky, ground, background = _background(pixels)
        things: list[FoundThing] = []
        shown = background
        while len(things) < MOST_THINGS:
            match = self._best(pixels, shown, background)
            if match is None:
                break
            thing, shown = match
            things.append(thing)
        return Found(sky, ground, tuple(things))

    def _best(self, pixels: Floats, shown: Floats, background: Floats) -> tuple[FoundThing, Floats] | None:
        """Return the thing that explains most of the difference, and the picture with it; None if none does enough."""
        wrong = ((pixels - shown) ** 2).sum(axis=-1)
        gains = self._gains(pixels, wrong).reshape(len(self._templates), -1)
        places = gains.argmax(axis=1)
        best = gains.max(axis=1)
        for index in np.argsort(best)[::-1][:TRIES]:
            template = self._templates[index]
            shift = _signed(int(places[index]) // FIELD), _signed(int(places[index]) % FIELD)
            alpha = _out_of_field(np.roll(template.alpha, shift, (0, 1)))
            paint = _out_of_field(np.roll(template.paint, shift, (0, 1)))
            perfect = float((alpha * ((paint - background) ** 2).sum(axis=-1)).sum())
            is_visible = alpha.sum() >= VISIBLE * template.alpha.sum()
            if best[index] >= max(THERE * perfect, ENERGY) and is_visible and _has_outline(pixels, background, alpha):
                y, x = (0.5 + amount / SIDE for amount in shift)
                thing = FoundThing(template.kind, template.colour, x, y + template.foot)
                return thing, shown + alpha[..., None] * (paint - shown)
        return None

    def _gains(self, pixels: Floats, wrong: Floats) -> Floats:
        """Return by how much each template at each shift lowers the squared error: (templates, FIELD, FIELD)."""
        power = (pixels**2).sum(axis=-1)
        total = self._alpha * _spectrum(_in_field(wrong - power)).conj()
        total -= self._power * _spectrum(self._inside).conj()
        for channel, template in enumerate(self._colours):
            total += 2 * template * _spectrum(_in_field(pixels[..., channel])).conj()
        gains: Floats = np.fft.irfft2(total.conj(), s=(FIELD, FIELD))
        gains = np.where(self._forbidden, -np.inf, gains)
        return gains


def _template(kind: str, colour: str | None, scale: float) -> Template:
    """Paint a thing on black and on white: the difference tells its opacity."""
    foot = 0.0 if kind in SKY_THINGS else HALF_HEIGHT * scale
    on_black, on_white = (_painted(kind, colour, scale, foot, ground) for ground in (0, 255))
    alpha = 1 - (on_white - on_black).mean(axis=-1) / 255
    paint = on_black / np.maximum(alpha, 1e-3)[..., None]
    return Template(kind, colour, alpha, np.where(alpha[..., None] > 0.02, paint, 0.0), foot)


def _painted(kind: str, colour: str | None, scale: float, foot: float, ground: int) -> Floats:
    big = FIELD * OVERSAMPLING
    image = Image.new("RGB", (big, big), (ground,) * 3)
    brush = Brush(ImageDraw.Draw(image), big, Thing(kind, 0.5, 0.5 + foot * SIDE / FIELD, colour))
    brush._scale = scale * SIDE / FIELD
    PAINTERS[kind](brush)
    return np.asarray(image.reduce(OVERSAMPLING), dtype=np.float64)


def _has_outline(pixels: Floats, background: Floats, alpha: Floats) -> bool:
    """Return whether most of what surrounds a thing is background: a part of a larger patch is no thing."""
    covered = alpha > 0.5
    near, far = (binary_dilation(covered, iterations=pixels_around) for pixels_around in RING)
    around = far & ~near
    is_other = ((pixels - background) ** 2).sum(axis=-1) > CLIPPED
    return float(is_other[around].mean()) < OTHER


def _half(picture: NDArray[np.uint8]) -> Floats:
    step = len(picture) // SIDE
    return picture.astype(np.float64).reshape(SIDE, step, SIDE, step, 3).mean(axis=(1, 3))


def _background(pixels: Floats) -> tuple[str, str, Floats]:
    """Return the sky, the ground, and the picture of both that fits best."""
    costs = {
        name: np.minimum(((pixels - np.array(colour)) ** 2).sum(axis=-1), CLIPPED).sum(axis=1)
        for name, colour in (*SKIES.items(), *GROUNDS.items())
    }
    sky, ground, horizon = min(
        product(SKIES, GROUNDS, HORIZONS), key=lambda way: costs[way[0]][: way[2]].sum() + costs[way[1]][way[2] :].sum()
    )
    shown = np.empty_like(pixels)
    shown[:horizon], shown[horizon:] = SKIES[sky], GROUNDS[ground]
    return sky, ground, shown


def _forbidden_shifts(template: Template) -> NDArray[np.bool_]:
    """Return where a template may not be: (FIELD, 1), for every shift by rows."""
    rows = np.array([0.5 + _signed(row) / SIDE + template.foot for row in range(FIELD)])
    return (rows > MIDDLE if template.kind in SKY_THINGS else rows < MIDDLE)[:, None]


def _signed(shift: int) -> int:
    return shift - FIELD if shift > FIELD // 2 else shift


def _spectrum(values: Floats) -> NDArray[np.complex128]:
    return np.fft.rfft2(values)


def _in_field(values: Floats) -> Floats:
    margin = (FIELD - SIDE) // 2
    return np.pad(values, margin)


def _out_of_field(values: Floats) -> Floats:
    margin = (FIELD - SIDE) // 2
    return values[margin : margin + SIDE, margin : margin + SIDE]
