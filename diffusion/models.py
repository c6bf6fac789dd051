"""Handles of loaded networks: small frozen values that point to modules and say how these are to be used.

    output = model.apply(x, timestep, context)

The modules are diffusers'; handles of text encoders are in diffusion.clip. Weights are not changed through a handle, so
that many may share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.adapters import NOTHING, Adapter, Given, UNetAdapter
from diffusion.handles import FileLayout, device_of, dtype_of, joined_digest, overlay_for
from diffusion.latents import LatentFormat
from diffusion.overlay import Overlay, WeightPatch
from diffusion.parameterization import Parameterization
from diffusion.patches import (
    Companion,
    Conductor,
    Guidance,
    Hook,
    MaskPatch,
    Refinement,
    SidePatch,
    TimedHook,
    Usage,
    hooked,
)
from diffusion.streaming import Keeper, kept


@dataclass(frozen=True)
class Model:
    """A diffusion network (diffusers' UNet2DConditionModel), how its output is read, and the scale of its latents.

    digest: tells the weights and all that was done to them; "" if unknown. adapter: how the network is called. patches:
    what is done to the weights, in this order; the backbone itself is not changed, so that handles may share it. overlay:
    made from the patches, and kept by handles that are made from this one and have the same. usage: patches of guidance
    and of what goes through the network. computed: the precision in which the network computes, None if it is that of the
    weights. keeper: brings the weights where they are used; None if they lie there. context_width: of the vectors that the
    network attends to; 0 if unknown. layout: how the weights lie in files; None if they came from none.
    """

    backbone: nn.Module
    parameterization: Parameterization
    latent_format: LatentFormat
    family: str = "sd1"
    digest: str = ""
    patches: tuple[WeightPatch, ...] = ()
    adapter: Adapter = field(default_factory=UNetAdapter)
    usage: Usage = field(default_factory=Usage)
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    context_width: int = 0
    layout: FileLayout | None = field(default=None, repr=False, compare=False)
    overlay: Overlay = field(default=None, repr=False, compare=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        """Make the overlay, unless the given one is of these patches."""
        made = overlay_for(self.overlay, self.backbone, self.patches, self.dtype if self.patches else None)
        object.__setattr__(self, "overlay", made)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return device_of(self.keeper, self.backbone)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return self.computed or dtype_of(self.keeper, self.backbone)

    def apply(
        self, x: Tensor, timestep: Tensor, context: Tensor, sides: Sequence[int] = (), given: Given = NOTHING
    ) -> Tensor:
        """Return the network's output (batch, channels, rows, columns) for scaled x.

        timestep: (batch,), may lie between whole steps. context: (batch, tokens, width). sides: see diffusion.patches.Hook.
        given: what the family's adapter prepared of the prompts.
        """
        hooks = [companion.hook(x, max(1, len(sides))) for companion in self.usage.companions]
        work = partial(self._apply, x, timestep, context, sides, given, hooks)
        return kept(self.keeper, "denoise", x.shape, work, self.overlay)

    def _apply(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        sides: Sequence[int],
        given: Given,
        hooks: Sequence[Hook],
    ) -> Tensor:
        dtype = self.dtype
        with hooked(self.backbone, (*self.usage.hooks, *hooks), sides):
            return self.adapter.call(self.backbone, x.to(dtype), timestep, context.to(dtype), given)

    def with_patch(self, patch: WeightPatch) -> Model:
        """Return a handle of the same network with one more patch on its weights."""
        return replace(self, patches=(*self.patches, patch), digest=joined_digest(self.digest, patch.full_digest))

    def with_parameterization(self, parameterization: Parameterization) -> Model:
        """Return a handle whose network's output is read differently."""
        return replace(
            self, parameterization=parameterization, digest=joined_digest(self.digest, repr(parameterization))
        )

    def with_adapter(self, adapter: Adapter, change: str) -> Model:
        """Return a handle whose network is called differently; change: tells how, for the digest."""
        return replace(self, adapter=adapter, digest=joined_digest(self.digest, change))

    def for_sampling(self) -> Model:
        """Return the handle for one sampling, in which the adapter may remember something (`begin`)."""
        begin = getattr(self.adapter, "begin", None)
        return self if begin is None else replace(self, adapter=begin())

    def with_guidance(self, guidance: Guidance) -> Model:
        """Return a handle that is guided differently, in place of any earlier guidance."""
        return self._with_usage(replace(self.usage, guidance=guidance), guidance)

    def with_refinement(self, refinement: Refinement) -> Model:
        """Return a handle with one more change of what guidance gives."""
        return self._with_usage(replace(self.usage, refinements=(*self.usage.refinements, refinement)), refinement)

    def with_hooks(self, *hooks: Hook) -> Model:
        """Return a handle with more hooks in its network."""
        return self._with_usage(replace(self.usage, hooks=(*self.usage.hooks, *hooks)), hooks)

    def with_companion(self, companion: Companion) -> Model:
        """Return a handle with one more network that goes along with its own."""
        return self._with_usage(replace(self.usage, companions=(*self.usage.companions, companion)), companion)

    def with_timed_hook(self, timed: TimedHook) -> Model:
        """Return a handle with one more hook that is in its network for a part of the way."""
        return self._with_usage(replace(self.usage, timed=(*self.usage.timed, timed)), timed)

    def at(self, sigma: Tensor) -> Model:
        """Return the handle as it is at a noise level (batch,): with the hooks whose time it is."""
        return replace(self, usage=self.usage.at(sigma, self.parameterization)) if self.usage.timed else self

    def with_sides(self, sides: SidePatch) -> Model:
        """Return a handle that predicts one side of its guidance differently, in place of any earlier change."""
        return self._with_usage(replace(self.usage, sides=sides), sides)

    def with_mask(self, mask: MaskPatch) -> Model:
        """Return a handle that changes inpainting masks, in place of any earlier change."""
        return self._with_usage(replace(self.usage, mask=mask), mask)

    def with_conductor(self, conductor: Conductor | None) -> Model:
        """Return a handle whose samplings are carried out by another, in place of any earlier one."""
        return replace(self, usage=replace(self.usage, conductor=conductor))

    def _with_usage(self, usage: Usage, change: Any) -> Model:
        return replace(self, usage=usage, digest=joined_digest(self.digest, repr(change) if _is_plain(change) else ""))


@dataclass(frozen=True)
class Vae:
    """An autoencoder (diffusers' AutoencoderKL) between pictures and latents; see diffusion.vae."""

    autoencoder: nn.Module
    latent_format: LatentFormat
    digest: str = ""
    keeper: Keeper | None = None
    layout: FileLayout | None = field(default=None, repr=False, compare=False)

    @property
    def device(self) -> torch.device:
        """Where the autoencoder computes."""
        return device_of(self.keeper, self.autoencoder)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the autoencoder computes."""
        return dtype_of(self.keeper, self.autoencoder)


def _is_plain(value: Any) -> bool:
    """Return whether a value is told by its repr: a dataclass of numbers and texts."""
    if is_dataclass(value):
        return all(_is_plain(getattr(value, part.name)) for part in fields(value))
    return isinstance(value, bool | int | float | str) or (isinstance(value, tuple) and all(map(_is_plain, value)))
