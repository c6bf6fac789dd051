"""ComfyUI's `comfy.controlnet`: the class that ControlNets of packs descend from.

Those that Weft loads are compat.wires.control.ControlView.

    class Mine(ControlBase):
        def get_control(self, x_noisy, t, cond, batched_number, transformer_options): …

What `get_control` returns is added to the blocks of a U-Net: `{"input": […], "middle": […], "output": […]}`, each from its end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import torch
from torch import Tensor

from compat.shims.finder import lent
from compat.wires import from_pack, to_pack
from diffusion.resize import repeat_to_batch
from nodes.host import Host

Control = dict[str, list[Tensor | None]]
COPIED = (
    "cond_hint_original",
    "strength",
    "timestep_percent_range",
    "global_average_pooling",
    "compression_ratio",
    "upscale_algorithm",
    "latent_format",
    "vae",
    "strength_type",
    "concat_mask",
    "preprocess_image",
)


def load_controlnet(ckpt_path: str, model: Any = None, model_options: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """Return the ControlNet of a file; model: what a file that holds the difference to one is added to."""
    host = lent().resource(Host)  # type: ignore[type-abstract]  # a protocol is the key
    return to_pack("CONTROL_NET", host.load_control_net(Path(ckpt_path), from_pack("MODEL", model)))


class StrengthType(Enum):
    """How strongly each block is changed."""

    CONSTANT = 1
    LINEAR_UP = 2


def broadcast_image_to(tensor: Tensor, target_batch_size: int, batched_number: int) -> Tensor:
    """Return pictures for a batch of several prompts' pictures, one prompt behind the other."""
    if tensor.shape[0] == 1:
        return tensor
    one = repeat_to_batch(tensor, target_batch_size // batched_number)
    return one if one.shape[0] == target_batch_size else torch.cat([one] * batched_number)


class ControlBase:
    """A ControlNet with what it was applied with."""

    def __init__(self) -> None:
        self.cond_hint_original: Any = None
        self.cond_hint: Any = None
        self.strength = 1.0
        self.timestep_percent_range: tuple[float, float] = (0.0, 1.0)
        self.latent_format: Any = None
        self.vae: Any = None
        self.global_average_pooling = False
        self.timestep_range: tuple[float, float] | None = None
        self.compression_ratio = 8
        self.upscale_algorithm = "nearest-exact"
        self.extra_args: dict[str, Any] = {}
        self.previous_controlnet: ControlBase | None = None
        self.extra_conds: list[str] = []
        self.strength_type = StrengthType.CONSTANT
        self.concat_mask = False
        self.extra_concat_orig: list[Any] = []
        self.extra_concat: Any = None
        self.extra_hooks: Any = None
        self.preprocess_image: Callable[[Any], Any] = _as_it_is

    def set_cond_hint(
        self,
        cond_hint: Any,
        strength: float = 1.0,
        timestep_percent_range: tuple[float, float] = (0.0, 1.0),
        vae: Any = None,
        extra_concat: Sequence[Any] = (),
    ) -> Self:
        """Take the picture to follow, how strongly and when."""
        self.cond_hint_original, self.strength = cond_hint, strength
        self.timestep_percent_range = timestep_percent_range
        if self.latent_format is not None:
            self.vae = vae
        self.extra_concat_orig = list(extra_concat)
        if self.concat_mask and not self.extra_concat_orig:
            self.extra_concat_orig.append(torch.ones(1, 1, 1, 1))
        return self

    def set_previous_controlnet(self, controlnet: ControlBase | None) -> Self:
        """Take another one that acts, too."""
        self.previous_controlnet = controlnet
        return self

    def set_extra_arg(self, argument: str, value: Any = None) -> None:
        """Keep an argument of the network."""
        self.extra_args[argument] = value

    def pre_run(self, model: Any, percent_to_timestep_function: Callable[[float], float]) -> None:
        """Learn at which levels it acts, before a sampling."""
        start, end = map(percent_to_timestep_function, self.timestep_percent_range)
        self.timestep_range = (start, end)
        if self.previous_controlnet is not None:
            self.previous_controlnet.pre_run(model, percent_to_timestep_function)

    def get_control(self, x_noisy: Tensor, t: Tensor, cond: Any, batched_number: int, transformer_options: Any) -> Any:
        """Return what is added to the blocks; a pack's class does."""
        raise NotImplementedError(f"{type(self).__name__} has no get_control, which says what is added to the network.")

    def cleanup(self) -> None:
        """Forget what a sampling needed."""
        if self.previous_controlnet is not None:
            self.previous_controlnet.cleanup()
        self.cond_hint = self.extra_concat = self.timestep_range = None

    def get_models(self) -> list[Any]:
        """Return the patchers of those that act, too."""
        return [] if self.previous_controlnet is None else self.previous_controlnet.get_models()

    def get_extra_hooks(self) -> list[Any]:
        """Return the hooks of all."""
        own = [] if self.extra_hooks is None else [self.extra_hooks]
        return own if self.previous_controlnet is None else own + self.previous_controlnet.get_extra_hooks()

    def copy_to(self, c: ControlBase) -> None:
        """Give another what this was applied with."""
        for name in COPIED:
            setattr(c, name, getattr(self, name))
        c.extra_args, c.extra_conds = dict(self.extra_args), list(self.extra_conds)
        c.extra_concat_orig = list(self.extra_concat_orig)
        c.extra_hooks = self.extra_hooks.clone() if self.extra_hooks else None

    def inference_memory_requirements(self, dtype: torch.dtype) -> float:
        """Return the bytes that those before it need."""
        previous = self.previous_controlnet
        return 0 if previous is None else previous.inference_memory_requirements(dtype)

    def control_merge(self, control: Control, control_prev: Control | None, output_dtype: Any) -> Control:
        """Return what is added, by its strength, on top of what others add."""
        found = {place: self._weighed(tensors, output_dtype) for place, tensors in control.items()}
        merged: Control = {place: found.get(place, []) for place in ("input", "middle", "output")}
        for place, others in (control_prev or {}).items():
            mine = merged[place]
            padded = [*mine, *[None] * (len(others) - len(mine))]
            merged[place] = [
                _sum(own, other) for own, other in zip(padded, [*others, *[None] * len(padded)], strict=False)
            ]
        return merged

    def _weighed(self, tensors: Sequence[Tensor | None], output_dtype: Any) -> list[Tensor | None]:
        count = len(tensors)
        return [None if x is None else self._weigh(x, count - i, output_dtype) for i, x in enumerate(tensors)]

    def _weigh(self, x: Tensor, place: int, output_dtype: Any) -> Tensor:
        if self.global_average_pooling:
            x = x.mean(dim=(2, 3), keepdim=True).expand_as(x)
        power = 1.0 if self.strength_type is StrengthType.CONSTANT else float(place)
        weighed: Tensor = x * self.strength**power
        return weighed.to(output_dtype or x.dtype)


def _sum(own: Tensor | None, other: Tensor | None) -> Tensor | None:
    if own is None or other is None:
        return other if own is None else own
    return other + own


def _as_it_is(image: Any) -> Any:
    return image
