"""ControlNets of Stable Diffusion 3.5 Large in Stability's layout: blur, canny and depth.

    found = read_sd35_control(header)  # None if the file holds none
    found.borrows.bound(net, model)     # with the layer by which the model reads its latents

Their blocks see the latent and the picture, not the prompt's tokens (diffusers' SD3ControlNetModel without a context). Latents
are read by the model's own layer, and places are those of ComfyUI. Each takes its picture in another lightness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.mmdit import ENDS, HEAD_WIDTH
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, View
from diffusion.control.lightness import Lightness
from diffusion.control.net import ControlNet, Found, Residuals, Traits, nearest_before
from diffusion.errors import DiffusionError
from diffusion.handles import joined_digest
from diffusion.latent_formats import SD3_MEAN, SD3_SCALE
from diffusion.latents import LatentFormat
from diffusion.models import Model
from diffusion.overlay import Slot, patched
from diffusion.sd3 import POOLED, STEERED
from diffusion.tokens import Size, size_in_patches, whole_patches

MARK = "transformer_blocks.0.adaLN_modulation.1.bias"
TYPE = "control_type"  # a tensor with the number of the kind of picture
LIGHTNESS: Mapping[int, Lightness] = {  # of the pictures of a type, from 0..1 (ComfyUI); those that are blurred stay so
    1: Lightness(127.5, 0.5),  # canny
    2: Lightness(-1.0, 1.0),  # depth: near is dark
}
CENTER = 7.5  # of the space of places, and how far the shorter side reaches from there (ComfyUI)
READER = "pos_embed.proj"  # a model's layer that reads latents
BLOCK: Mapping[str, str] = {
    "norm1.linear": "adaLN_modulation.1",
    "attn.to_out.0": "attn.proj",
    "ff.net.0.proj": "mlp.fc1",
    "ff.net.2": "mlp.fc2",
}
THIRDS = ("attn.to_q", "attn.to_k", "attn.to_v")  # of attn.qkv


class SD35ControlSizes(NamedTuple):
    """What makes one network differ from another."""

    channels: int
    patch: int
    width: int
    layers: int
    pooled_width: int


@dataclass(frozen=True, eq=False)
class SD35Control:
    """Calls the network. weight, bias: of the layer by which the model reads latents."""

    weight: Tensor
    bias: Tensor

    def call(
        self,
        network: Any,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        hint: Tensor,
        given: Mapping[str, Any],
        type: int | None,
    ) -> Residuals:
        """Return what is added behind blocks."""
        patch = self.weight.shape[-1]
        read = functional.conv2d(whole_patches(x, patch), self.weight.to(x), self.bias.to(x), stride=patch)
        tokens = read.flatten(2).transpose(1, 2)
        (blocks,) = network(
            tokens + places(size_in_patches(x, patch), tokens.shape[-1], x.device).to(x),
            whole_patches(hint, patch),
            pooled_projections=given[POOLED].to(x.dtype),
            timestep=timestep,
            return_dict=False,
        )
        return Residuals(blocks=tuple(blocks))

    def source(self, block: int, layers: int, samples: int) -> int:
        """Return which sample is added behind a block."""
        return nearest_before(block, layers, samples)


@dataclass(frozen=True)
class ReaderOfModel:
    """Gives networks of a width the layer by which the model reads latents, as it is after the model's patches."""

    width: int

    def bound(self, net: ControlNet, model: Model) -> ControlNet:
        """Return a handle that may be called."""
        names = (f"{READER}.weight", f"{READER}.bias")
        weight, bias = (patched(name, Slot.of(model.backbone, name).get(), model.patches) for name in names)
        if len(weight) != self.width:
            raise DiffusionError(
                f"This ControlNet is made for a model {self.width} wide, and this one is {len(weight)} wide; take Stable "
                "Diffusion 3.5 Large."
            )
        digest = joined_digest(net.digest, model.digest)
        return replace(net, traits=net.traits._replace(caller=SD35Control(weight, bias)), digest=digest, borrows=None)


def places(size: Size, width: int, device: torch.device) -> Tensor:
    """Return sines and cosines that tell where tokens lie: (1, tokens, width), the column first.

    The shorter side reaches from 0 to twice CENTER, whatever its length, and the other one as far as it is longer.
    """
    from diffusers.models.embeddings import get_1d_sincos_pos_embed_from_grid as waves

    reaches = [CENTER * count / min(size) for count in size]
    rows, columns = (
        torch.linspace(CENTER - reach, CENTER + reach, count, device=device)
        for reach, count in zip(reaches, size, strict=True)
    )
    both = torch.meshgrid(rows, columns, indexing="ij")
    return torch.cat([waves(width // 2, each, output_type="pt") for each in reversed(both)], dim=1).unsqueeze(0)


def picture_kind(weights: Weights) -> int:
    """Return the number that a file has for the kind of picture that its network reads; 0 if it has none."""
    return round(float(weights.get(TYPE).flatten()[0])) if TYPE in weights.header.tensors else 0


def read_sd35_control(header: Header, kind: int = 0) -> Found | None:
    """Return the network of a file; None if it holds none of Stable Diffusion 3.5 Large in Stability's layout."""
    sizes = read_sd35_sizes(header)
    if sizes is None:
        return None
    part = Part(
        lambda: build_sd35_control(sizes), lambda module: sd35_control_keys(module.state_dict(), header, sizes.width)
    )
    traits = Traits(
        kind="net",
        hint_channels=sizes.channels,
        channels=sizes.channels,
        base=STEERED,
        latent_format=LatentFormat(channels=sizes.channels, scale_factor=SD3_SCALE, shift_factor=SD3_MEAN),
        lightness=LIGHTNESS.get(kind),
    )
    return Found(part, traits, ReaderOfModel(sizes.width))


def read_sd35_sizes(header: Header) -> SD35ControlSizes | None:
    """Read a network's sizes; None of other networks, and of those that read a prompt that the model has read before."""
    if MARK not in header.tensors or header.shape("pos_embed_input.proj.weight") is None:
        return None
    width, channels, patch, _ = header.required_shape("pos_embed_input.proj.weight")
    text = header.shape(_end(header, "time_text_embed.text_embedder.linear_1") + ".weight")
    if text is None or text[0] == text[1]:
        return None
    layers = len(header.numbers("transformer_blocks.", ".attn.qkv.weight"))
    return SD35ControlSizes(channels, patch, width, layers, text[1])


def build_sd35_control(sizes: SD35ControlSizes) -> nn.Module:
    """Build the network."""
    from diffusers import SD3ControlNetModel

    module: nn.Module = SD3ControlNetModel(
        patch_size=sizes.patch,
        in_channels=sizes.channels,
        num_layers=sizes.layers,
        attention_head_dim=HEAD_WIDTH,
        num_attention_heads=sizes.width // HEAD_WIDTH,
        joint_attention_dim=None,
        pooled_projection_dim=sizes.pooled_width,
        out_channels=sizes.channels,
        use_pos_embed=False,
        pos_embed_type=None,
        force_zeros_for_pooled_projection=False,
    )
    return module


def sd35_control_keys(names: Iterable[str], header: Header, width: int) -> Mapping[str, Source]:
    """Map the names of a network to those of a file, whose layers that read time and prompt may have two names."""
    return dict(_sources(names, header, width))


def _sources(names: Iterable[str], header: Header, width: int) -> Iterator[tuple[str, Source]]:
    for name in names:
        module, _, leaf = name.rpartition(".")
        match module.split("."):
            case ["transformer_blocks", number, *rest]:
                own, place = ".".join(rest), f"transformer_blocks.{number}"
                if own in THIRDS:
                    third = THIRDS.index(own)
                    yield name, View(f"{place}.attn.qkv.{leaf}", rows=(third * width, (third + 1) * width))
                else:
                    yield name, f"{place}.{BLOCK[own]}.{leaf}"
            case ["time_text_embed", *_]:
                yield name, f"{_end(header, module)}.{leaf}"
            case _:
                yield name, name


def _end(header: Header, module: str) -> str:
    """Return what a layer that reads time or prompt is called in a file: diffusers' name, or that of the model's files."""
    return module if f"{module}.weight" in header.tensors else ENDS[module]
