"""Stable unCLIP: Stable Diffusion 2.1 that is also told what CLIP saw in pictures, by one vector beside the prompt.

Stability AI (2023), v2-1-stable-unclip-l-inference.yaml and -h: by OpenAI's ViT-L/14 (768 numbers) or by open_clip's ViT-H/14
(1024), which lies in the checkpoint. The vector has twice as many: behind them is how much noise was added to them. The
published files leave out the statistics of the numbers; as in ComfyUI, they are 0 and 1 then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffusion.adapters import Given, UNetAdapter, call_unet
from diffusion.checkpoints.families.sd2 import COMMON, TEXTS, WRITTEN, prediction_of
from diffusion.checkpoints.family import Backbone, Family
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.unet import Kind, adapter_for, read_unet, unet_part
from diffusion.checkpoints.peek import peek
from diffusion.checkpoints.signature import Relation, Required, Signature
from diffusion.conditioning import Cond
from diffusion.errors import CheckpointError
from diffusion.latent_kinds import SD1
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.unclip import MERGED, PLAIN, Statistics, picture_vector

KIND = Kind(head_width=64, takes_labels=True)
MEAN, DEVIATION = "noise_augmentor.data_mean", "noise_augmentor.data_std"
USUAL_MERGED = 0.05  # the noise on several pictures together (ComfyUI)
LABELS = "class_labels"  # as diffusers calls the vector
VECTOR = "label_emb.0.0.weight"
FEWEST_NUMBERS = 16  # Lotus, a Stable Diffusion 2 that estimates depth, is told 4: which task it has


def _tells_pictures(header: Header, prefix: str) -> bool:
    width = header.required_shape(prefix + VECTOR)[1]
    return width >= FEWEST_NUMBERS and width % 2 == 0


SIGNATURE = Signature(
    (
        *COMMON,
        Required(("input_blocks.1.1.proj_in.weight",), ndim=2),  # SDXL attends to nothing there
        Required((VECTOR,), ndim=2),
        Relation(_tells_pictures, f"{VECTOR} has not the size of what CLIP sees in pictures"),
    )
)


@dataclass(frozen=True)
class PicturedUNetAdapter(UNetAdapter):
    """Tells a U-Net what was seen in the prompt's pictures; width: numbers that the network knows of them."""

    width: int = 0
    statistics: Statistics = PLAIN

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        """Return the vector (1, 2 width), zeros for a prompt without pictures."""
        merged = float(cond.extras.get(MERGED, USUAL_MERGED))
        vector = picture_vector(cond.extras, self.width, self.statistics, merged)
        return {LABELS: torch.zeros(1, 2 * self.width) if vector is None else vector}

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        """Return the network's output."""
        return call_unet(backbone, x, timestep, context, given, **{LABELS: given[LABELS]})


def read(header: Header, prefix: str) -> Backbone:
    """Read the U-Net's sizes, and the statistics if the file has any."""
    sizes = read_unet(header, prefix)
    latent_format = LatentFormat(channels=sizes.out_channels, kinds=(SD1,))
    width = sizes.vector_width // 2
    adapter = PicturedUNetAdapter(width=width, statistics=_statistics(header, width))
    return Backbone(
        unet_part(sizes, KIND, prefix),
        Parameterization(prediction_of(header, prefix, sizes)),
        latent_format,
        adapter_for(header, sizes, adapter, latent_format),
        context_width=sizes.context_width,
    )


def _statistics(header: Header, width: int) -> Statistics:
    mean, deviation = peek(header, MEAN), peek(header, DEVIATION)
    if mean is None or deviation is None:
        return PLAIN
    if not mean.numel() == deviation.numel() == width:
        raise CheckpointError(
            f"{header.path.name}: {MEAN} has the shape {tuple(mean.shape)} and {DEVIATION} {tuple(deviation.shape)}; the "
            f"network knows {width} numbers of a picture. The file is damaged or of a model that is not supported."
        )
    return Statistics(tuple(mean.flatten().tolist()), tuple(deviation.flatten().tolist()))


FAMILY = Family(
    "sd2_unclip",
    "Stable Diffusion 2 unCLIP",
    SIGNATURE,
    read,
    TEXTS,
    clip_types=("stable_diffusion",),
    written=WRITTEN,
)
