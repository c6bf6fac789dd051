"""What prompts predict at one noise level: regions go through the network in batches, and are averaged by weight.

    cond, uncond = predict(model, (positive, negative), x, sigma)

Every region that acts is one job for its side. Jobs of one size share a call of the network; a result is put back where its
region lies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from diffusion.adapters import NOTHING, Given
from diffusion.control.chain import steer
from diffusion.control.net import depths_of
from diffusion.models import Model
from diffusion.regions import Region, Regions

MAX_CONTEXT_REPEATS = 4  # contexts of unequal length share a batch up to this many repeats of the shorter (ComfyUI)
NO_WEIGHT = 1e-37  # where no region acts the average is 0 / NO_WEIGHT = 0; far below any weight


class Job(NamedTuple):
    """A region to compute, and the side (0 positive, 1 negative) that it counts for."""

    region: Region
    side: int


class NetworkCall(NamedTuple):
    """What goes through the network at once: jobs side by side, (jobs * batch, …) each.

    x: noisy latents, not scaled. regions, sides: of the jobs, in order.
    """

    x: Tensor
    sigma: Tensor
    context: Tensor
    given: Given
    regions: tuple[Region, ...]
    sides: tuple[int, ...]


Call = Callable[[Model, NetworkCall], Tensor]
"""Gives the finished latents of a call."""


def call_network(model: Model, call: NetworkCall) -> Tensor:
    """Return the finished latents of a call."""
    parameterization = model.parameterization
    scaled, timestep = parameterization.scale_input(call.x, call.sigma), parameterization.timestep(call.sigma)
    given = {**call.given, **_steering(model, call, scaled, timestep)}
    output = model.at(call.sigma).apply(scaled, timestep, call.context, call.sides, given)
    return parameterization.to_denoised(output.float(), call.x, call.sigma)


def _steering(model: Model, call: NetworkCall, scaled: Tensor, timestep: Tensor) -> Given:
    """Return what networks that steer add to a call, in the model's precision; its jobs have the same of them."""
    chain = call.regions[0].control if call.regions else None
    if chain is None:
        return NOTHING
    depths = depths_of(model.backbone)
    found = steer(chain, scaled, call.sigma, timestep, call.context, call.given, len(call.regions), depths)
    return {
        name: tuple(each.to(model.dtype) for each in value) if isinstance(value, tuple) else value.to(model.dtype)
        for name, value in found.items()
    }


def predict(
    model: Model,
    sides: Sequence[Regions],
    x: Tensor,
    sigma: Tensor,
    max_jobs: int | None = None,
    *,
    call: Call = call_network,
) -> list[Tensor]:
    """Return the denoised latent of each side, averaged over its regions; `call` may go around the network."""
    jobs = _active_jobs(sides, sigma)
    results = [_Average(x, len([job for job in jobs if job.side == side])) for side in range(len(sides))]
    for batch in batches(jobs, max_jobs, repeats_contexts=model.adapter.repeats_contexts):
        for job, denoised in zip(batch, _denoise(model, batch, x, sigma, call), strict=True):
            results[job.side].add(job.region, denoised)
    return [result.value() for result in results]


def batches(jobs: Sequence[Job], max_jobs: int | None = None, *, repeats_contexts: bool = True) -> Iterator[list[Job]]:
    """Split jobs into batches that can go through the model together, each in reverse order as ComfyUI has them."""
    waiting = list(jobs)
    while waiting:
        first = waiting[0].region
        fitting = [index for index, job in enumerate(waiting) if _fits(job.region, first, repeats_contexts)]
        together = fitting[:max_jobs]
        yield [waiting.pop(index) for index in reversed(together)]


def _active_jobs(sides: Sequence[Regions], sigma: Tensor) -> list[Job]:
    jobs = [Job(region, side) for side, regions in enumerate(sides) for region in regions]
    if not any(job.region.has_range for job in jobs):
        return jobs  # reading sigma would wait for the device
    level = float(sigma[0])
    return [job for job in jobs if job.region.is_active(level)]


def _fits(a: Region, b: Region, repeats_contexts: bool) -> bool:
    if _size(a) != _size(b) or a.context.shape[2] != b.context.shape[2] or _shapes(a.given) != _shapes(b.given):
        return False
    if a.control is not b.control:
        return False
    lengths = (a.context.shape[1], b.context.shape[1])
    may_repeat = repeats_contexts and math.lcm(*lengths) // min(lengths) <= MAX_CONTEXT_REPEATS
    return lengths[0] == lengths[1] or may_repeat


def _shapes(given: Given) -> Mapping[str, tuple[tuple[int, ...], ...]]:
    return {name: tuple(tuple(part.shape) for part in _several(value)) for name, value in given.items()}


def _several(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


def _size(region: Region) -> tuple[int, int] | None:
    return None if region.box is None else (region.box.rows, region.box.columns)


def _denoise(model: Model, batch: Sequence[Job], x: Tensor, sigma: Tensor, call: Call) -> tuple[Tensor, ...]:
    """Run one batch of jobs: (jobs * batch, …) through the model at once."""
    regions = tuple(job.region for job in batch)
    together = NetworkCall(
        x=torch.cat([x if region.box is None else region.box.cut(x) for region in regions]),
        sigma=torch.cat([sigma] * len(batch)),
        context=join_contexts([region.context for region in regions]),
        given=join_given([region.given for region in regions]),
        regions=regions,
        sides=tuple(job.side for job in batch),
    )
    return call(model, together).chunk(len(batch))


def join_contexts(contexts: Sequence[Tensor]) -> Tensor:
    """Stack contexts; shorter ones are repeated to a common length, which cross-attention does not notice."""
    length = math.lcm(*(context.shape[1] for context in contexts))
    return torch.cat([context.repeat(1, length // context.shape[1], 1) for context in contexts])


def join_given(parts: Sequence[Given]) -> Given:
    """Stack what prompts of equal kind give the network."""

    def joined(name: str) -> Tensor | tuple[Tensor, ...]:
        if not isinstance(parts[0][name], tuple):
            return torch.cat([_several(given[name])[0] for given in parts])
        return tuple(torch.cat(tensors) for tensors in zip(*[_several(given[name]) for given in parts], strict=True))

    return {name: joined(name) for name in parts[0]}


class _Average:
    """The weighted mean of what regions predict; a lone region without weights is taken as it is."""

    def __init__(self, x: Tensor, regions: int) -> None:
        self._like = x
        self._is_lone = regions == 1
        self._value: Tensor | None = None
        self._total: Tensor | None = None
        self._weight: Tensor | None = None

    def add(self, region: Region, denoised: Tensor) -> None:
        """Count a region's prediction (of its box, if it has one)."""
        if self._is_lone and region.weight is None:
            self._value = denoised
            return
        if self._total is None or self._weight is None:
            self._total = torch.zeros_like(self._like)
            self._weight = torch.full_like(self._like, NO_WEIGHT)
        weight = torch.ones_like(denoised) if region.weight is None else region.weight
        for target, amount in ((self._total, denoised * weight), (self._weight, weight)):
            view = target if region.box is None else region.box.cut(target)
            view += amount

    def value(self) -> Tensor:
        """Return the mean; 0 where nothing was counted."""
        if self._value is not None:
            return self._value
        if self._total is None or self._weight is None:
            return torch.zeros_like(self._like)
        return self._total / self._weight
