"""Control-LoRAs (Stability AI 2023): a ControlNet that is the way down of the model that it steers, with low-rank changes.

    found = read_control_lora(header)  # None if the file holds none
    ControlLora(weights, load_ends, "digest").bound(net, model)

The file has the changes and the layers that a ControlNet has beside a U-Net's. The model's weights are not copied: the network
consists of the model's modules, and the changes are a patch on them for the time of a call, behind the model's own patches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from diffusion.checkpoints.alone import Alone
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.checkpoints.part import Part
from diffusion.control.net import ControlNet, Found, Residuals, Traits
from diffusion.control.sizes import hint_widths, own_keys
from diffusion.errors import DiffusionError
from diffusion.handles import joined_digest
from diffusion.lora.changes import Additive, LowRank, Misfit, Replacement
from diffusion.models import Model
from diffusion.overlay import Overlay, WeightPatch
from diffusion.streaming import Keeper, kept

MARK = "lora_controlnet"  # an empty tensor of this name
SHARED = ("conv_in", "time_embedding", "add_embedding", "down_blocks", "mid_block")  # modules of a U-Net
ENDS = ("input_hint_block.", "zero_convs.", "middle_block_out.")
UP, DOWN = ".up", ".down"


def read_control_lora(header: Header) -> Found | None:
    """Return what a file has beside the model's layers; None if it holds no Control-LoRA."""
    if MARK not in header.tensors:
        return None
    hints = hint_widths(header)
    zeros = [f"zero_convs.{number}.0.weight" for number in header.numbers("zero_convs.", ".0.weight")]
    widths = [header.required_shape(name)[0] for name in (*zeros, "middle_block_out.0.weight")]
    hint_channels = header.required_shape("input_hint_block.0.weight")[1]
    part = Part(lambda: build_ends(hint_channels, hints, widths), lambda module: own_keys(module.state_dict()))
    return Found(part, Traits(kind="net", hint_channels=hint_channels))


def build_ends(hint_channels: int, hints: tuple[int, ...], widths: Sequence[int]) -> nn.Module:
    """Build the layers of its own, by the names that diffusers' ControlNetModel has for them.

    hints: widths of what reads the picture. widths: of the model's skip connections, and of its middle.
    """
    from diffusers.models.controlnets.controlnet import ControlNetConditioningEmbedding

    module = nn.Module()
    module.controlnet_cond_embedding = ControlNetConditioningEmbedding(widths[0], hint_channels, hints)
    module.controlnet_down_blocks = nn.ModuleList(nn.Conv2d(width, width, 1) for width in widths[:-1])
    module.controlnet_mid_block = nn.Conv2d(widths[-1], widths[-1], 1)
    return module


@dataclass(frozen=True)
class ControlEnds:
    """The layers of its own."""

    module: Any
    keeper: Keeper | None

    def embedded(self, hint: Tensor) -> Tensor:
        """Return what is added to the model's input for pictures."""
        embedded: Tensor = kept(self.keeper, "embed", hint.shape, lambda: self.module.controlnet_cond_embedding(hint))
        return embedded

    def finished(self, features: Residuals) -> Residuals:
        """Return what is added to the model's skip connections and its middle."""

        def work() -> Residuals:
            pairs = zip(self.module.controlnet_down_blocks, features.down, strict=True)
            return Residuals(tuple(layer(each) for layer, each in pairs), self.module.controlnet_mid_block(middle))

        middle = features.middle
        assert middle is not None, "a U-Net has a middle"
        return kept(self.keeper, "finish", features.down[0].shape, work)


class ControlLora:
    """The changes of a file, and the networks that were made of them, each as long as somebody has the model."""

    def __init__(self, weights: Weights, load_ends: Callable[[torch.dtype, torch.device], Alone], digest: str) -> None:
        self._weights = weights
        self._load_ends = load_ends
        self._digest = digest
        self._ends: dict[tuple[torch.dtype, torch.device], ControlEnds] = {}
        self._patches: WeakKeyDictionary[nn.Module, WeightPatch] = WeakKeyDictionary()
        self._bound: WeakKeyDictionary[Overlay, tuple[nn.Module, Overlay]] = WeakKeyDictionary()

    def bound(self, net: ControlNet, model: Model) -> ControlNet:
        """Return a handle whose network is made of the model's modules."""
        if model.overlay not in self._bound:
            patches = (*model.patches, self._patch(model.backbone))
            self._bound[model.overlay] = way_down(model.backbone), Overlay(model.backbone, patches, model.dtype)
        network, overlay = self._bound[model.overlay]
        backbone: Any = model.backbone
        traits = net.traits._replace(
            channels=backbone.config.in_channels,
            context_width=model.context_width or None,
            takes_size=hasattr(backbone, "add_embedding"),
        )
        return replace(
            net,
            network=network,
            traits=traits,
            digest=joined_digest(net.digest, model.digest),
            computed=model.dtype,
            keeper=model.keeper,
            borrows=None,
            overlay=overlay,
            ends=self._ends_for(model.dtype, model.device),
        )

    def _ends_for(self, dtype: torch.dtype, device: torch.device) -> ControlEnds:
        if (dtype, device) not in self._ends:
            loaded = self._load_ends(dtype, device)
            self._ends[dtype, device] = ControlEnds(loaded.module, loaded.keeper)
        return self._ends[dtype, device]

    def _patch(self, backbone: nn.Module) -> WeightPatch:
        if backbone not in self._patches:
            self._patches[backbone] = WeightPatch(changes_of(self._weights, backbone), digest=self._digest)
        return self._patches[backbone]


def way_down(backbone: Any) -> nn.Module:
    """Return a ControlNet of diffusers that consists of a U-Net's own modules and gives what its layers give."""
    from diffusers import ControlNetModel

    with torch.device("meta"):
        module: Any = ControlNetModel.from_unet(backbone, load_weights_from_unet=False)
    for name in (each for each in SHARED if hasattr(backbone, each)):
        setattr(module, name, getattr(backbone, name))
    module.controlnet_cond_embedding = nn.Identity()
    module.controlnet_down_blocks = nn.ModuleList(nn.Identity() for _ in module.controlnet_down_blocks)
    module.controlnet_mid_block = nn.Identity()
    return module.eval()  # type: ignore[no-any-return]


def changes_of(weights: Weights, backbone: nn.Module) -> Mapping[str, Additive | Replacement]:
    """Return what a file does to the tensors of a U-Net, by the U-Net's names; DiffusionError if it was made for another."""
    state = backbone.state_dict()
    keys = {key: name for name, key in unet_keys(state).items() if name.startswith(SHARED)}
    waiting = [key for key in weights.header.tensors if key != MARK and not key.startswith(ENDS)]
    unknown = [key for key in waiting if _target(key) not in keys]
    if unknown:
        raise DiffusionError(
            f"This Control-LoRA changes {len(unknown)} tensors that the model does not have, such as {unknown[0]}; take a "
            "model of the family that it was made for."
        )
    found = {}
    for key in dict.fromkeys(map(_target, waiting)):
        name, shape = keys[key], tuple(state[keys[key]].shape)
        try:
            found[name] = change = _change(weights, key)
            misfit = change.misfit(shape)
        except Misfit as error:
            misfit = str(error)
        if misfit is not None:
            raise DiffusionError(f"This Control-LoRA does not fit the model: {key}: {misfit}. Take another model.")
    return found


def _target(key: str) -> str:
    """Return the key of the tensor that one of a file belongs to."""
    return f"{key.removesuffix(UP).removesuffix(DOWN)}.weight" if key.endswith((UP, DOWN)) else key


def _change(weights: Weights, key: str) -> Additive | Replacement:
    layer = key.removesuffix(".weight")
    if layer + UP in weights.header.tensors:
        return Additive(LowRank(weights.get(layer + UP), weights.get(layer + DOWN)))
    return Replacement(weights.get(key))
