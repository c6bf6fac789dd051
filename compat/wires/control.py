"""CONTROL_NET: a diffusion.control ControlNet here; in packs an object that is copied, given a picture and asked.

    view = to_pack(net).copy().set_cond_hint(picture, 0.8, (0.0, 0.6))  # as packs apply it
    entry["control"] = view.set_previous_controlnet(entry.get("control"))
    control_of(view)  # diffusion.control.chain.Control, if all that comes before it are views too

In samplings that packs carry out a view is asked as their own ControlNets are; in others diffusion.guidance steers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from compat.wires.told import no_effect
from diffusion.adapters import DOWN, LEVELS, MIDDLE, STEERED_UNET
from diffusion.control.chain import Chain, Control, Place, fit_control, steer
from diffusion.control.net import UNION_TYPES, ControlNet, Depths
from diffusion.models import Vae

NO_DEPTHS = Depths()  # of U-Nets
Added = dict[str, list[Tensor | None]]


@dataclass(eq=False)
class ControlView:
    """A ControlNet with what it was applied with, by the names that packs know."""

    net: ControlNet
    cond_hint_original: Tensor | None = None
    strength: float = 1.0
    timestep_percent_range: tuple[float, float] = (0.0, 1.0)
    previous_controlnet: Any = None
    vae: Vae | None = None
    mask: Tensor | None = None
    made: Control | None = field(default=None, repr=False)
    _model: Any = field(default=None, repr=False)
    _threshold: Callable[[float], float] | None = field(default=None, repr=False)
    _chains: dict[Place, Chain] = field(default_factory=dict, repr=False)

    def copy(self) -> ControlView:
        """Return another with the same."""
        return replace(self, made=None, _model=None, _threshold=None, _chains={})

    def set_cond_hint(
        self,
        cond_hint: Any,
        strength: float = 1.0,
        timestep_percent_range: tuple[float, float] = (0.0, 1.0),
        vae: Any = None,
        extra_concat: Any = (),
    ) -> ControlView:
        """Take the picture to follow, how strongly and when, the VAE that makes a latent of it, and a mask beside that."""
        from compat.wires.vae import from_pack  # which needs conditionings, and these what is here

        self.cond_hint_original, self.strength = cond_hint, strength
        self.timestep_percent_range = timestep_percent_range
        self.vae, self.mask = from_pack(vae), next(iter(extra_concat), None)
        return self

    def set_previous_controlnet(self, controlnet: Any) -> ControlView:
        """Take another one that acts, too."""
        self.previous_controlnet = controlnet
        return self

    def set_extra_arg(self, argument: str, value: Any = None) -> None:
        """Take the type of a union's picture; there is no other argument."""
        if argument == "control_type":
            self.net = self.net.with_type(UNION_TYPES[value[0]] if value else "auto")

    def pre_run(self, model: Any, percent_to_timestep_function: Callable[[float], float]) -> None:
        """Learn of a sampling before it."""
        self._model, self._threshold = model, percent_to_timestep_function
        self._chains = {}
        if self.previous_controlnet is not None:
            self.previous_controlnet.pre_run(model, percent_to_timestep_function)

    def get_control(
        self, x_noisy: Tensor, t: Tensor, cond: Any, batched_number: int, transformer_options: Any
    ) -> Added | None:
        """Return what is added to the blocks, with what those before add; None outside of its time."""
        before = self.previous_controlnet
        added = None if before is None else before.get_control(x_noisy, t, cond, batched_number, transformer_options)
        if self.net.traits.base != STEERED_UNET:
            no_effect("a ControlNet of a transformer in a sampling of its own")
            return added
        place = Place(x_noisy.shape[0] // batched_number, x_noisy.shape[-2], x_noisy.shape[-1])
        if place not in self._chains:
            assert self._threshold is not None, "pre_run comes before get_control"
            alone = replace(_made(self), previous=None)
            self._chains[place] = fit_control(alone, place, partial(_level, self._threshold), self._model.handle)
        parameterization = self._model.handle.parameterization
        scaled, timestep = parameterization.scale_input(x_noisy, t), parameterization.timestep(t)
        given = {name: cond[name] for name in ("text_embeds", "time_ids") if name in cond}
        found = steer(self._chains[place], scaled, t, timestep, cond["c_crossattn"], given, batched_number, NO_DEPTHS)
        return _merged(_by_place(found, self._model.handle.backbone), added) if found else added

    def cleanup(self) -> None:
        """Forget what a sampling needed."""
        self._model, self._threshold, self._chains = None, None, {}
        if self.previous_controlnet is not None:
            self.previous_controlnet.cleanup()

    def get_models(self) -> list[Any]:
        """Return the patchers of those before; the weights of this one are kept by Weft."""
        return [] if self.previous_controlnet is None else self.previous_controlnet.get_models()

    def get_extra_hooks(self) -> list[Any]:
        """Return the hooks of those before."""
        return [] if self.previous_controlnet is None else self.previous_controlnet.get_extra_hooks()

    def inference_memory_requirements(self, dtype: torch.dtype) -> float:
        """Return the bytes that those before need."""
        return 0 if self.previous_controlnet is None else self.previous_controlnet.inference_memory_requirements(dtype)


def to_pack(net: ControlNet) -> ControlView:
    """Return a ControlNet as packs have it."""
    return ControlView(net)


def from_pack(value: Any) -> Any:
    """Return the ControlNet of a view; anything else as it is."""
    return value.net if isinstance(value, ControlView) else value


def view_of(control: Any) -> Any:
    """Return what steers a prompt as packs have it."""
    if not isinstance(control, Control):
        return control
    percents = control.start_percent, control.end_percent
    before = view_of(control.previous)
    return ControlView(
        control.net,
        control.image.movedim(-1, 1),
        control.strength,
        percents,
        before,
        control.vae,
        control.mask,
        control,
    )


def control_of(value: Any) -> Any:
    """Return what steers a prompt as guidance has it; a pack's own, or a view behind one, as it is."""
    return _made(value) if isinstance(value, ControlView) and _is_own(value) else value


def _is_own(view: ControlView) -> bool:
    before = view.previous_controlnet
    return before is None or (isinstance(before, ControlView) and _is_own(before))


def _made(view: ControlView) -> Control:
    """Return the same link of a chain as long as nothing of a view was changed."""
    assert view.cond_hint_original is not None, "set_cond_hint comes before"
    before = control_of(view.previous_controlnet)
    image, (start, end) = view.cond_hint_original.movedim(1, -1), view.timestep_percent_range
    made, known = Control(view.net, image, view.strength, start, end, before, view.vae, view.mask), view.made
    if known is None or _told(known) != _told(made) or known.previous is not before:
        view.made = known = made
    return known


def _told(control: Control) -> tuple[Any, ...]:
    """Return what tells whether two links are the same, but for what comes before them."""
    percents = control.start_percent, control.end_percent
    return control.net, control.strength, percents, control.vae, id(control.mask), control.image.data_ptr()


def _level(threshold: Callable[[float], float], percent: float) -> float:
    return float(torch.tensor(threshold(percent), dtype=torch.float32))


def _by_place(found: dict[str, Any], backbone: Any) -> Added:
    """Return residuals as lists that are read from their ends, block by block."""
    added: Added = {"input": [], "middle": [], "output": list(found.get(DOWN, ()))}
    if MIDDLE in found:
        added["middle"] = [found[MIDDLE]]
    levels = found.get(LEVELS, ())
    if levels:
        places = list(_level_places(backbone))[: len(levels)]
        blocks: list[Tensor | None] = [None] * (places[-1] + 1)
        for place, level in zip(places, levels, strict=False):
            blocks[place] = level
        added["input"] = blocks[::-1]
        added["middle"] += levels[len(places) :]
    return added


def _level_places(backbone: Any) -> Iterator[int]:
    """Yield behind which blocks of a U-Net adapters add, in ComfyUI's counting: where diffusers adds."""
    blocks = backbone.config.layers_per_block + 1
    for level, block in enumerate(backbone.down_blocks):
        is_after_scaling = not hasattr(block, "attentions") and block.downsamplers is not None
        yield (level + 1) * blocks if is_after_scaling else level * blocks + blocks - 1


def _merged(mine: Added, others: Added | None) -> Added:
    for place, tensors in (others or {}).items():
        own = mine.setdefault(place, [])
        size = max(len(own), len(tensors))
        pairs = zip(_padded(own, size), _padded(tensors, size), strict=True)
        mine[place] = [b if a is None else a if b is None else a + b for a, b in pairs]
    return mine


def _padded(tensors: list[Tensor | None], size: int) -> list[Tensor | None]:
    return [*[None] * (size - len(tensors)), *tensors]
