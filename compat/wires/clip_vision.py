"""CLIP_VISION and CLIP_VISION_OUTPUT: a ClipVision and what it saw here, objects that packs ask and change there.

vision = to_pack(handle)
vision.encode_image(image)["penultimate_hidden_states"]
last, middle, embeds, _ = vision.model(pixel_values=pixels, intermediate_output=-2)
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch
from torch import Tensor

from compat.wires.patcher import ModelPatcher
from diffusion.clip_vision import ClipVision, Seen, VisionOutput

CPU = torch.device("cpu")
PARTS = tuple(part.name for part in fields(VisionOutput))
SIGLIP, CLIP = "siglip_vision_model", "clip_vision_model"  # ComfyUI's words for both kinds


class Output:
    """What was seen: attributes, under their names as keys too. Packs make their own."""

    def __init__(self, **parts: Any) -> None:
        vars(self).update(parts)

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)


class ClipVisionModel:
    """ComfyUI's ClipVisionModel over a handle."""

    def __init__(self, handle: ClipVision) -> None:
        self.handle = handle
        self.model = VisionNetwork(handle)
        self.patcher = ModelPatcher(self.model, handle.device, CPU)
        self.image_size = handle.image_size
        self.image_mean, self.image_std = (list(part) for part in handle.scale)
        self.model_type = SIGLIP if handle.is_siglip else CLIP
        self.return_all_hidden_states = handle.is_siglip

    @property
    def load_device(self) -> torch.device:
        """Where it computes."""
        return self.handle.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return self.handle.dtype

    def encode_image(self, image: Tensor, crop: bool = True) -> Output:
        """Return what it sees in pictures (batch, height, width, channels) in 0..1."""
        return output_to_pack(self.handle.encode_image(image, crop))

    def get_sd(self) -> dict[str, Tensor]:
        """Return the weights."""
        return self.model.state_dict()


class VisionNetwork:
    """The network itself, called as ComfyUI's are. Its modules are transformers'."""

    is_kept_by_weft = True

    def __init__(self, handle: ClipVision) -> None:
        self.handle = handle

    def __call__(
        self, pixel_values: Tensor, attention_mask: Any = None, intermediate_output: int | str | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor, None]:
        """Return the last layer's vectors, those of a layer by its number or of `all`, what pictures become, and nothing."""
        seen = self.handle.see(pixel_values)
        return seen.last, _between(seen, intermediate_output), seen.embeds, None

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights under transformers' names."""
        return dict(self.handle.network.state_dict())

    def weight_names(self) -> dict[str, str]:
        """Return the names of the weights: they are transformers'."""
        return {name: name for name in self.handle.network.state_dict()}

    def parameters(self) -> Any:
        """Yield the weights."""
        yield from self.handle.network.parameters()

    def to(self, *unused: Any, **named: Any) -> VisionNetwork:
        """Return it: weights come when they are used."""
        return self


def _between(seen: Seen, wanted: int | str | None) -> Tensor | None:
    """Return what layers give, counted from the first one's; a number below 0 counts from the last."""
    layers = seen.hidden[1:]
    if wanted == "all":
        return torch.stack(layers, dim=1)
    return None if wanted is None else layers[int(wanted)]


def to_pack(handle: ClipVision) -> ClipVisionModel:
    """Return what packs get for a handle."""
    return ClipVisionModel(handle)


def from_pack(value: Any) -> Any:
    """Return the handle of what packs got; anything else as it is."""
    return value.handle if type(value) is ClipVisionModel else value


def output_to_pack(seen: VisionOutput) -> Output:
    """Return what packs get for what was seen."""
    return Output(**{name: seen[name] for name in PARTS}, mm_projected=None)


def output_from_pack(value: Any) -> Any:
    """Return what was seen, if a pack's object has all of it; anything else as it is."""
    if not isinstance(value, Output) or not all(isinstance(getattr(value, name, None), Tensor) for name in PARTS):
        return value
    return VisionOutput(*(value[name] for name in PARTS))
