"""ControlNets that go along with a model block by block (DiffSynth's of Qwen-Image), which ComfyUI loads as model patches.

    patch = load_model_patch(path)
    model = along(model, patch, vae, picture, strength=0.8)

Behind each block of the model, what a small network makes of the block's tokens and of the picture's is added to them. The
networks are DiffSynth's; diffusers has none for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.alone import load_alone
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.handles import device_of, dtype_of
from diffusion.latent_formats import WAN
from diffusion.models import Model, Vae
from diffusion.patches import Remove
from diffusion.quantize import Precision
from diffusion.qwen_image import STEERED
from diffusion.qwen_places import PATCH
from diffusion.resize import repeat_to_batch, resize
from diffusion.streaming import Keeper, kept
from diffusion.tokens import tokens_of
from diffusion.vae import FRAMES_NDIM, encode

EPS = 1e-6  # of its norms
CELLS = PATCH * PATCH  # in a token
RGB = 3
MARK = "controlnet_blocks.0.y_rms.weight"
OTHERS: Mapping[str, str] = {  # names of tensors, and what such a model patch is
    "control_all_x_embedder.2-1.weight": "a Fun ControlNet of Z-Image",
    "controlnet_patch_embedding.weight": "a Uni3C ControlNet of Wan",
    "feature_embedder.mid_layer_norm.bias": "USO's style projector of Flux",
    "lllite_conditioning1.conv1.weight": "a ControlNet-LLLite of Anima",
    "audio_proj.proj1.weight": "MultiTalk of Wan",
    "model.control_model.input_hint_block.0.weight": "SUPIR",
}
SHOWN_NAMES = 3
PLAIN = Precision()


class BlockWiseSizes(NamedTuple):
    """What makes one network differ from another. masks: planes beside the picture's latent."""

    width: int
    blocks: int
    masks: int = 0


class ControlBlock(nn.Module):
    """What is added behind one block, (batch, tokens, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.x_rms = nn.RMSNorm(width, eps=EPS)
        self.y_rms = nn.RMSNorm(width, eps=EPS)
        self.input_proj = nn.Linear(width, width)
        self.output_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return it for the block's tokens and the picture's."""
        added: Tensor = self.output_proj(functional.gelu(self.input_proj(self.x_rms(x) + self.y_rms(y))))
        return added


class BlockWiseNetwork(nn.Module):
    """A layer that reads the picture, and a network for each block of the model."""

    def __init__(self, sizes: BlockWiseSizes) -> None:
        super().__init__()
        self.img_in = nn.Linear((WAN.channels + sizes.masks) * CELLS, sizes.width)
        self.controlnet_blocks = nn.ModuleList(ControlBlock(sizes.width) for _ in range(sizes.blocks))


@dataclass(frozen=True)
class ModelPatch:
    """A network that goes along with a model."""

    network: nn.Module
    sizes: BlockWiseSizes
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return self.computed or dtype_of(self.keeper, self.network)

    def read(self, latent: Tensor) -> Tensor:
        """Return the tokens (batch, tokens, width) of a picture's latent, with its masks."""
        network: Any = self.network
        tokens = tokens_of(latent, PATCH).to(device_of(self.keeper, self.network), self.dtype)
        found: Tensor = kept(self.keeper, "embed", tokens.shape, lambda: network.img_in(tokens))
        return found

    def added(self, block: int, x: Tensor, picture: Tensor) -> Tensor:
        """Return what is added to the tokens x behind a block."""
        network: Any = self.network
        work = partial(network.controlnet_blocks[block], x.to(self.dtype), picture)
        found: Tensor = kept(self.keeper, "control", x.shape, work)
        return found.to(x.dtype)


@dataclass(frozen=True, eq=False)
class AddedBehindBlocks:
    """A hook (diffusion.patches.Hook) that adds what a network gives. picture: tokens (1 or batch, tokens, width)."""

    patch: ModelPatch
    picture: Tensor
    strength: float

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Put it behind each block."""
        blocks: Any = backbone.get_submodule("transformer_blocks")
        return [block.register_forward_hook(partial(self._add, number)).remove for number, block in enumerate(blocks)]

    def _add(self, number: int, block: nn.Module, args: Any, output: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        texts, x = output
        count = self.picture.shape[1]  # references lie behind the latent's own tokens
        own = x[:, :count] + self.patch.added(number, x[:, :count], self.picture) * self.strength
        return texts, torch.cat((own, x[:, count:]), dim=1)


@dataclass(frozen=True, eq=False)
class Along:
    """A network with its picture (batch, height, width, 3) in 0..1, as a companion of models (diffusion.patches.Companion).

    mask: (1 or batch, rows, columns), 1 where the picture stays; None for everywhere.
    """

    patch: ModelPatch
    vae: Vae
    image: Tensor
    strength: float
    mask: Tensor | None = None
    _latents: dict[tuple[int, int], Tensor] = field(
        default_factory=dict, init=False, repr=False
    )  # that of the last size

    def hook(self, x: Tensor, jobs: int) -> AddedBehindBlocks:
        """Return what acts in one call, for latents x (jobs * batch, …)."""
        rows, columns = x.shape[-2:]
        if (rows, columns) not in self._latents:
            self._latents.clear()
            self._latents[rows, columns] = self._latent(rows, columns)
        tokens = self.patch.read(self._latents[rows, columns])
        if len(tokens) > 1:
            tokens = torch.cat([repeat_to_batch(tokens, len(x) // jobs)] * jobs)
        return AddedBehindBlocks(self.patch, tokens.to(x.device), self.strength)

    def _latent(self, rows: int, columns: int) -> Tensor:
        """Return the picture as a latent of a size in the model's scale, with its masks."""
        scale = self.vae.latent_format.spatial_downscale
        height, width = rows * scale, columns * scale
        pixels = self.image.movedim(-1, 1)[:, :RGB].float().cpu()
        if pixels.shape[-2:] != (height, width):
            pixels = resize(pixels, width, height, "area", crop="center")
        samples = encode(self.vae, pixels.movedim(1, -1))
        latent = WAN.process_in(samples[:, :, 0] if samples.ndim == FRAMES_NDIM else samples)
        if not self.patch.sizes.masks:
            return latent
        planes = latent.new_ones(len(latent), self.patch.sizes.masks, rows, columns)
        if self.mask is not None:
            planes = resize(self.mask.reshape(-1, 1, *self.mask.shape[-2:]).float().cpu(), columns, rows, "bilinear")
        return torch.cat((latent, repeat_to_batch(planes, len(latent))), dim=1)


def along(
    model: Model, patch: ModelPatch, vae: Vae, image: Tensor, strength: float, mask: Tensor | None = None
) -> Model:
    """Let a network go along with a model. mask: 1 where the picture stays, for networks that fill in."""
    if getattr(model.adapter, "steered_by", None) != STEERED:
        raise DiffusionError("This model patch goes along with Qwen-Image, and the model is of another family.")
    backbone: Any = model.backbone
    sizes, width, blocks = patch.sizes, backbone.inner_dim, len(backbone.transformer_blocks)
    if (sizes.width, sizes.blocks) != (width, blocks):
        raise DiffusionError(
            f"This model patch is made for {sizes.blocks} blocks {sizes.width} wide, and the model has {blocks} blocks "
            f"{width} wide; take the model that it was made for."
        )
    return model.with_companion(Along(patch, vae, image, strength, mask))


def load_model_patch(
    path: Path, *, precision: Precision = PLAIN, device: torch.device | str = "cpu", keep: Keep | None = None
) -> ModelPatch:
    """Load a network that goes along with models; keep: as load_checkpoint has it."""
    weights = open_any(path)
    sizes = read_block_wise(weights.header)
    part = Part(lambda: BlockWiseNetwork(sizes), lambda module: {name: name for name in module.state_dict()})
    loaded = load_alone(weights, part, "patch", precision, device=device, keep=keep)
    return ModelPatch(loaded.module, sizes, loaded.digest, precision.computed, loaded.keeper)


def read_block_wise(header: Header) -> BlockWiseSizes:
    """Read a network's sizes; CheckpointError if a file holds none that is known."""
    if MARK not in header.tensors:
        raise CheckpointError(_unknown(header))
    width, channels = header.required_shape("img_in.weight")
    return BlockWiseSizes(
        width,
        blocks=len(header.numbers("controlnet_blocks.", ".y_rms.weight")),
        masks=channels // CELLS - WAN.channels,
    )


def _unknown(header: Header) -> str:
    kind = next((kind for name, kind in OTHERS.items() if name in header.tensors), None)
    names = ", ".join(list(header.tensors)[:SHOWN_NAMES])
    return (
        f"{header.path.name}: no model patch that is known (DiffSynth's ControlNets of Qwen-Image) is in this file. "
        + (f"It looks like {kind}, which is not supported. " if kind else "")
        + f"Seen: {len(header.tensors)} tensors, such as {names}."
    )
