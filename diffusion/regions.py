"""Where and when each part of a conditioning acts: areas, masks, strengths and timestep ranges, fitted to one latent.

    positive, negative = fit_regions(positive, negative, latent.shape, model.parameterization)
    positive[0].weight  # None, or how much the region counts, cell by cell

Behaves as ComfyUI: an area without a mask fades over eight cells at its inner edges; a region of one side gets a partner
of the same area on the other, so that guidance compares like with like.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.adapters import NOTHING, Adapter, Given, UNetAdapter
from diffusion.conditioning import Area, Cond, Conditioning, PercentArea
from diffusion.control.chain import CONTROL, FOR_UNCOND, Chain, Control, Place, check_base, check_control, fit_control
from diffusion.errors import DiffusionError
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from diffusion.resize import edge_ramp, repeat_to_batch, resize

FADE = 8  # latent cells over which an area fades in, at most a quarter of its side (ComfyUI)
UNET = UNetAdapter()
MIN_BOUNDS = 8  # latent cells: the least side of an area taken from the bounds of a mask (ComfyUI)


class Box(NamedTuple):
    """A rectangle in latent cells."""

    rows: int
    columns: int
    top: int
    left: int

    def cut(self, x: Tensor) -> Tensor:
        """Return the view of x (…, rows, columns) inside the box."""
        return x[..., self.top : self.top + self.rows, self.left : self.left + self.columns]

    def contains(self, other: Box) -> bool:
        """Return whether another box lies inside this one."""
        return (
            other.top >= self.top
            and other.left >= self.left
            and other.top + other.rows <= self.top + self.rows
            and other.left + other.columns <= self.left + self.columns
        )


@dataclass(frozen=True)
class Region:
    """A prompt with the place, the weight and the time in which it acts.

    context: (batch, tokens, width). weight: (1 or batch, 1, rows, columns) of the box, or None for 1 everywhere.
    """

    context: Tensor
    box: Box | None = None
    weight: Tensor | None = None
    sigma_start: float | None = None  # not above this noise level; None: from the beginning
    sigma_end: float | None = None  # not below this noise level
    given: Given = field(default_factory=lambda: NOTHING)  # what else the network takes, cut to the box
    control: Chain | None = None  # networks that steer; regions with the same go through them together

    @property
    def has_range(self) -> bool:
        """Whether the region acts only part of the time."""
        return self.sigma_start is not None or self.sigma_end is not None

    def is_active(self, sigma: float) -> bool:
        """Return whether the region acts at a noise level."""
        starts = self.sigma_start is None or sigma <= self.sigma_start
        return starts and (self.sigma_end is None or sigma >= self.sigma_end)


class _Placed(NamedTuple):
    """A Cond with its area and its mask resolved to latent cells."""

    cond: Cond
    box: Box | None
    mask: Tensor | None


Regions = tuple[Region, ...]


def fit_regions(
    positive: Conditioning,
    negative: Conditioning,
    shape: Sequence[int],
    parameterization: Parameterization,
    *,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    adapter: Adapter = UNET,
    model: Model | None = None,
) -> tuple[Regions, Regions]:
    """Resolve both conditionings for a latent of `shape` (batch, channels, rows, columns) and for a family's network.

    model: whose weights some networks that steer need.
    """
    first = [_place(cond, shape[-2], shape[-1], device) for cond in positive]
    second = [_place(cond, shape[-2], shape[-1], device) for cond in negative]
    _add_partners(second, first)
    _add_partners(first, second)
    _share_control(first, second)
    chains = _Chains(shape, parameterization, model)

    def finish(placed: Iterable[_Placed]) -> Regions:
        return tuple(_region(item, shape, parameterization, device, dtype, adapter, chains) for item in placed)

    return finish(first), finish(second)


def resolve_area(area: Area | PercentArea, rows: int, columns: int) -> Box:
    """Return an area as cells of a latent; it may still reach over the edge."""
    if isinstance(area, PercentArea):
        return Box(
            max(1, round(area.height * rows)),
            max(1, round(area.width * columns)),
            round(area.y * rows),
            round(area.x * columns),
        )
    return Box(area.height, area.width, area.y, area.x)


def mask_bounds(mask: Tensor) -> Box:
    """Return the smallest box around all that is not zero in a mask (batch, rows, columns), at least 8 x 8 cells."""
    inked = mask.abs().amax(dim=0) != 0
    if not bool(inked.any()):
        return Box(MIN_BOUNDS, MIN_BOUNDS, 0, 0)
    rows, columns = (inked.any(dim=dim).nonzero() for dim in (1, 0))
    top, bottom, left, right = (int(edge) for edge in (rows[0], rows[-1], columns[0], columns[-1]))
    return Box(max(MIN_BOUNDS, bottom - top + 1), max(MIN_BOUNDS, right - left + 1), top, left)


def _place(cond: Cond, rows: int, columns: int, device: torch.device | None) -> _Placed:
    box = None if cond.area is None else resolve_area(cond.area, rows, columns)
    mask = cond.mask
    if mask is not None:
        mask = mask.to(device, torch.float32)
        if mask.ndim == 2:
            mask = mask.unsqueeze(0)
        if mask.shape[1:] != (rows, columns):
            mask = resize(mask.unsqueeze(1), columns, rows, "bilinear").squeeze(1)
        if cond.set_area_to_bounds:
            box = mask_bounds(mask)
    return _Placed(cond, box, mask)


def _add_partners(side: list[_Placed], others: Sequence[_Placed]) -> None:
    """For each area of the others, add to this side the same area with this side's prompt for that place."""
    for other in others:
        if other.box is None:
            continue
        source = _smallest_around(side, other.box)
        if source is not None and source.box != other.box:
            own = source.cond
            prompt = replace(other.cond, embedding=own.embedding, pooled=own.pooled, extras=own.extras)
            side.append(other._replace(cond=_steered_as(prompt, other.cond)))


def _share_control(positive: Sequence[_Placed], negative: list[_Placed]) -> None:
    """Let what steers the positive side steer the other too, where it says so and nothing steers that (ComfyUI)."""
    asking = [item.cond for item in positive if item.box is None and item.cond.extras.get(FOR_UNCOND)]
    free = [index for index, item in enumerate(negative) if item.box is None]
    if not free or any(negative[index].cond.extras.get(CONTROL) for index in free):
        return
    for cond, index in zip(asking, itertools.cycle(free), strict=False):
        negative[index] = negative[index]._replace(cond=_steered_as(negative[index].cond, cond))


def _steered_as(cond: Cond, other: Cond) -> Cond:
    """Return a prompt that is steered by what steers another."""
    extras = {name: value for name, value in cond.extras.items() if name != CONTROL}
    control = other.extras.get(CONTROL)
    return replace(cond, extras=extras if control is None else {**extras, CONTROL: control})


class _Chains:
    """The chains of networks of one sampling: prompts that have the same, and are as large, get the same."""

    def __init__(self, shape: Sequence[int], parameterization: Parameterization, model: Model | None) -> None:
        self._shape, self._parameterization, self._model = shape, parameterization, model
        self._known: dict[tuple[Control, Place], Chain] = {}

    def of(self, cond: Cond, box: Box | None, adapter: Adapter, given: Given) -> Chain | None:
        """Return the chain of a prompt, fitted to where it acts; DiffusionError if it is of another family."""
        control = cond.extras.get(CONTROL)
        if not isinstance(control, Control):  # packs bring their own, which their samplings carry out
            return None
        check_base(control, getattr(adapter, "steered_by", None))
        batch, channels, *frames, rows, columns = self._shape
        if frames:
            raise DiffusionError(
                "ControlNets steer pictures of one layer; this latent has several. Leave the ControlNet out."
            )
        place = Place(batch, rows, columns) if box is None else Place(batch, box.rows, box.columns)
        chain = self._known.get((control, place))
        if chain is None:
            chain = fit_control(control, place, self._parameterization.threshold, self._model)
            self._known[(control, place)] = chain
        check_control(chain, channels, cond.embedding.shape[-1], given)
        return chain


def _smallest_around(side: Sequence[_Placed], box: Box) -> _Placed | None:
    """Return the entry of least area that contains a box; one without an area only if there is none with."""
    around = [item for item in side if item.box is not None and item.box.contains(box)]
    if around:
        return min(around, key=lambda item: item.box.rows * item.box.columns if item.box else 0)
    return next((item for item in side if item.box is None), None)


def _region(
    placed: _Placed,
    shape: Sequence[int],
    parameterization: Parameterization,
    device: torch.device | None,
    dtype: torch.dtype,
    adapter: Adapter,
    chains: _Chains,
) -> Region:
    cond, (batch, *_, rows, columns) = placed.cond, shape
    box = None if placed.box is None else _clip(placed.box, rows, columns)

    def fitted(name: str, tensor: Tensor) -> Tensor:
        whole = repeat_to_batch(tensor.to(device, dtype if tensor.is_floating_point() else None), batch)
        return box.cut(whole) if box is not None and name in adapter.planes else whole

    prepared = adapter.prepare(cond, shape)
    return Region(
        context=repeat_to_batch(cond.embedding.to(device, dtype), batch),
        box=box,
        weight=_weight(cond, box, placed.mask, shape, device),
        sigma_start=parameterization.threshold(cond.start_percent) if cond.start_percent > 0 else None,
        sigma_end=parameterization.threshold(cond.end_percent) if cond.end_percent < 1 else None,
        given={
            name: tuple(fitted(name, part) for part in value) if isinstance(value, tuple) else fitted(name, value)
            for name, value in prepared.items()
        },
        control=chains.of(cond, box, adapter, prepared),
    )


def _clip(box: Box, rows: int, columns: int) -> Box:
    """Keep the part of a box that lies in the latent."""
    return box._replace(rows=min(rows - box.top, box.rows), columns=min(columns - box.left, box.columns))


def _weight(
    cond: Cond, box: Box | None, mask: Tensor | None, shape: Sequence[int], device: torch.device | None
) -> Tensor | None:
    batch, _, *frames, rows, columns = shape
    if mask is not None:
        part = mask[:batch] if box is None else box.cut(mask[:batch])
        weight = repeat_to_batch(part * cond.mask_strength, batch) * cond.strength
    elif box is None:
        if cond.strength == 1.0:
            return None
        weight = torch.full((1, rows, columns), cond.strength, device=device)
    else:
        down = _fade(box.rows, box.top, rows, device)
        along = _fade(box.columns, box.left, columns, device)
        weight = ((cond.strength * down[:, None]) * along)[None]
    return weight.reshape(
        len(weight), *[1] * (1 + len(frames)), *weight.shape[-2:]
    )  # the same for all channels and frames


def _fade(length: int, start: int, limit: int, device: torch.device | None) -> Tensor:
    """Return the weights along one side of an area: it fades where it does not touch the latent's edge."""
    return edge_ramp(length, min(FADE, length // 4), at_start=start != 0, at_end=start + length < limit, device=device)
