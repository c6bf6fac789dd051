"""ControlNets that go along with a model block by block (DiffSynth's of Qwen-Image), which ComfyUI loads as model patches.

    patch = BlockWise(network, read_block_wise(header))
    model = model.with_companion(Along(vae, patch, picture, 0.8))

Behind each block of the model, what a small network makes of the block's tokens and of the picture's is added to them. The
networks are DiffSynth's; diffusers has none for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.header import Header
from diffusion.control.shown import Shown, for_jobs
from diffusion.handles import device_of, dtype_of
from diffusion.latent_formats import WAN
from diffusion.patches import Remove
from diffusion.qwen_places import PATCH
from diffusion.resize import repeat_to_batch, resize
from diffusion.streaming import Keeper, kept
from diffusion.tokens import tokens_of
from diffusion.vae import FRAMES_NDIM, encode

EPS = 1e-6  # of its norms
CELLS = PATCH * PATCH  # in a token
MARK = "controlnet_blocks.0.y_rms.weight"


class BlockWiseSizes(NamedTuple):
    """What makes one network differ from another. masks: planes beside the picture's latent."""

    width: int
    layers: int
    masks: int = 0

    @property
    def fills(self) -> bool:
        """Whether it sees masks."""
        return self.masks > 0


def read_block_wise(header: Header) -> BlockWiseSizes | None:
    """Read a network's sizes; None if a file holds none."""
    if MARK not in header.tensors:
        return None
    width, channels = header.required_shape("img_in.weight")
    layers = len(header.numbers("controlnet_blocks.", ".y_rms.weight"))
    return BlockWiseSizes(width, layers, channels // CELLS - WAN.channels)


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
        self.controlnet_blocks = nn.ModuleList(ControlBlock(sizes.width) for _ in range(sizes.layers))


@dataclass(frozen=True)
class BlockWise:
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

    patch: BlockWise
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
class Along(Shown):
    """A network with its picture (batch, height, width, 3) in 0..1, as a companion of models (diffusion.patches.Companion).

    mask: (1 or batch, rows, columns), 1 where the picture stays; None for everywhere.
    """

    patch: BlockWise
    image: Tensor
    strength: float
    mask: Tensor | None = None

    def hook(self, x: Tensor, jobs: int) -> AddedBehindBlocks:
        """Return what acts in one call, for latents x (jobs * batch, …)."""
        tokens = for_jobs(self.patch.read(self.latent_for(x)), x, jobs)
        return AddedBehindBlocks(self.patch, tokens, self.strength)

    def made(self, rows: int, columns: int) -> Tensor:
        """Return the picture as a latent of a size in the model's scale, with its masks."""
        samples = encode(self.vae, self.pixels(self.image, rows, columns).movedim(1, -1))
        latent = WAN.process_in(samples[:, :, 0] if samples.ndim == FRAMES_NDIM else samples)
        if not self.patch.sizes.masks:
            return latent
        planes = latent.new_ones(len(latent), self.patch.sizes.masks, rows, columns)
        if self.mask is not None:
            planes = resize(self.mask.reshape(-1, 1, *self.mask.shape[-2:]).float().cpu(), columns, rows, "bilinear")
        return torch.cat((latent, repeat_to_batch(planes, len(latent))), dim=1)
