"""Weft's own patches of guidance as functions in `model_options`, and back.

In a model that only Weft's nodes changed they are guidance, refinements and a mask of its handle. Packs find them in
`model_options` as functions under ComfyUI's names, in the order in which they act, and may put others before, behind or
in the place of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from compat.wires.prepared import conditioning_entries, predict_entries
from diffusion.conditioning import Conditioning
from diffusion.models import Model
from diffusion.patches import Guidance, Hook, MaskPatch, Refinement, Usage

CFG, POST, MASK = "sampler_cfg_function", "sampler_post_cfg_function", "denoise_mask_function"
NO_CFG1 = "disable_cfg1_optimization"
Options = dict[str, Any]


def with_native(options: Options, usage: Usage) -> Options:
    """Return options with a handle's patches behind what is in them."""
    found = dict(options)
    if usage.guidance is not None:
        found[CFG] = NativeGuidance(usage.guidance)
    if usage.refinements:
        found[POST] = [*found.get(POST, ()), *map(NativeRefinement, usage.refinements)]
    if usage.needs_uncond:
        found[NO_CFG1] = True
    if usage.mask is not None:
        found[MASK] = NativeMask(usage.mask)
    return found


def native_usage(options: Options, kept: Usage) -> Usage | None:
    """Return options as a handle's patches, with those that stay in it; None if there is more in them than Weft's own."""
    posts, transformer = options.get(POST, []), options.get("transformer_options", {})
    known = {CFG: NativeGuidance, MASK: NativeMask}
    are_ours = all(isinstance(options[name], cls) for name, cls in known.items() if name in options)
    if transformer or not are_ours or not all(isinstance(post, NativeRefinement) for post in posts):
        return None
    usage = replace(
        without_native(kept),
        guidance=options[CFG].guidance if CFG in options else None,
        refinements=tuple(post.refinement for post in posts),
        mask=options[MASK].patch if MASK in options else None,
    )
    others = set(options) - {CFG, POST, MASK, "transformer_options"} - ({NO_CFG1} if usage.needs_uncond else set())
    return None if others else usage


@dataclass(frozen=True)
class NativeGuidance:
    """Guidance as ComfyUI's sampler_cfg_function: from and to differences from x."""

    guidance: Guidance

    def __call__(self, args: Options) -> Tensor:
        """Return x less the guided latent."""
        x: Tensor = args["input"]
        return x - self.guidance.combine(step_of(args, args["input_cond"], args["input_uncond"]))


@dataclass(frozen=True)
class NativeRefinement:
    """A refinement as a function behind guidance."""

    refinement: Refinement

    def __call__(self, args: Options) -> Tensor:
        """Return the changed latent."""
        step = step_of(args, args["cond"], args["uncond"])
        hook = self.refinement.watch()
        if hook is not None:  # it looks at the main call, of which packs may have made anything: it is done once more
            step.predict_both(hook)
        return self.refinement.refine(step, args["denoised"], hook)


@dataclass(frozen=True)
class NativeMask:
    """A change of masks as ComfyUI's denoise_mask_function."""

    patch: MaskPatch

    def __call__(self, sigma: Tensor, denoise_mask: Tensor, extra_options: Options) -> Tensor:
        """Return the mask for a noise level."""
        handle: Model = extra_options["model"].inner_model.handle
        return self.patch.mask(denoise_mask, sigma, extra_options["sigmas"], handle.parameterization)


@dataclass(frozen=True)
class PackStep:
    """A step of guidance in a pack's hands (diffusion.patches.Guess)."""

    base: Any
    options: Options
    x: Tensor
    sigma: Tensor
    cfg: float
    cond: Tensor
    uncond: Tensor
    entries: tuple[Sequence[Any], Sequence[Any]]

    @property
    def model(self) -> Model:
        """The model."""
        handle: Model = self.base.handle
        return handle

    def predict(self, side: int, x: Tensor | None = None, hooks: Sequence[Hook] = ()) -> Tensor:
        """Return what a side gives for another x, or with more hooks in the network."""
        at = self.x if x is None else x
        with self.base.using(self.model.with_hooks(*hooks) if hooks else self.model):
            sides: list[Any] = [None, None]
            sides[side] = self.entries[side]
            return predict_entries(self.base, sides, at, self.sigma, self.options)[side]

    def predict_both(self, hook: Hook) -> None:
        """Let a hook see the call of both sides."""
        with self.base.using(self.model.with_hooks(hook)):
            predict_entries(self.base, list(self.entries), self.x, self.sigma, self.options)

    def predict_prompt(self, conditioning: Conditioning) -> Tensor:
        """Return what other prompts give."""
        entries = conditioning_entries(self.base, {"positive": conditioning}, self.x.shape, self.x.device)["positive"]
        return predict_entries(self.base, [entries], self.x, self.sigma, self.options)[0]


def step_of(args: Options, cond: Any, uncond: Any) -> PackStep:
    """Return the step that the arguments of a pack's function tell of."""
    x: Tensor = args["input"]
    negative = args["uncond_denoised"]
    return PackStep(
        args["model"],
        args["model_options"],
        x,
        args["sigma"],
        args["cond_scale"],
        args["cond_denoised"],
        torch.zeros_like(x) if negative is None else negative,
        (cond or (), uncond or ()),
    )


def without_native(usage: Usage) -> Usage:
    """Return a handle's usage with what stays in it: hooks."""
    return replace(usage, guidance=None, refinements=(), mask=None, conductor=None)
