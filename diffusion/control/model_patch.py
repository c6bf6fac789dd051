"""Model patches: files of networks that go along with a model, block by block, and models that have them.

    patch = load_model_patch(path)
    model = along(model, patch, Pictures(vae, image), strength=0.8)

Known are DiffSynth's ControlNets of Qwen-Image and Fun ControlNets of Z-Image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion.checkpoints.alone import load_alone
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep
from diffusion.control.block_wise import Along, BlockWise, BlockWiseNetwork, BlockWiseSizes, read_block_wise
from diffusion.control.z_image_fun import REFINED, FunAlong, FunSizes, ZImageFun, build_fun, read_fun
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.models import Model, Vae
from diffusion.quantize import Precision
from diffusion.qwen_image import QwenImageAdapter
from diffusion.z_image import ZImageAdapter

OTHERS: Mapping[str, str] = {  # names of tensors, and what such a model patch is
    "controlnet_patch_embedding.weight": "a Uni3C ControlNet of Wan",
    "feature_embedder.mid_layer_norm.bias": "USO's style projector of Flux",
    "lllite_conditioning1.conv1.weight": "a ControlNet-LLLite of Anima",
    "audio_proj.proj1.weight": "MultiTalk of Wan",
    "model.control_model.input_hint_block.0.weight": "SUPIR",
}
MANY_LAYERS = 15  # of Fun ControlNets, some of which were trained without the refiners that they have (ComfyUI)
SHOWN_NAMES = 3
PLAIN = Precision()

ModelPatch = BlockWise | ZImageFun
Sizes = BlockWiseSizes | FunSizes


class Pictures(NamedTuple):
    """What a network is shown: pictures (batch, height, width, 3) in 0..1, and the model's VAE.

    filled: what is to be filled in. mask: (batch, rows, columns), 1 where the picture stays.
    """

    vae: Vae
    image: Tensor | None
    mask: Tensor | None = None
    filled: Tensor | None = None


def along(model: Model, patch: ModelPatch, pictures: Pictures, strength: float) -> Model:
    """Let a network go along with a model."""
    adapter, family = (QwenImageAdapter, "Qwen-Image") if isinstance(patch, BlockWise) else (ZImageAdapter, "Z-Image")
    if not isinstance(model.adapter, adapter):
        raise DiffusionError(f"This model patch goes along with {family}, and the model is of another family.")
    _check_size(model, patch)
    vae, image, mask, filled = pictures
    if image is None and (filled is None or not patch.sizes.fills):
        raise DiffusionError("This model patch has no picture to follow: connect one to the image input.")
    if isinstance(patch, ZImageFun):
        return model.with_companion(FunAlong(vae, patch, image, filled, mask, strength))
    if image is None:
        raise DiffusionError("This model patch takes what is to be filled in at the image input.")
    return model.with_companion(Along(vae, patch, image, strength, mask))


def _check_size(model: Model, patch: ModelPatch) -> None:
    backbone: Any = model.backbone
    if isinstance(patch, BlockWise):
        width, layers = backbone.inner_dim, len(backbone.transformer_blocks)
        fits = layers == patch.sizes.layers
    else:
        width, layers = backbone.config.dim, len(backbone.layers)
        fits = layers >= patch.sizes.layers
    if width != patch.sizes.width or not fits:
        raise DiffusionError(
            f"This model patch has {patch.sizes.layers} layers {patch.sizes.width} wide, and the model {layers} that are "
            f"{width} wide; take the model that it was made for."
        )


def load_model_patch(
    path: Path, *, precision: Precision = PLAIN, device: torch.device | str = "cpu", keep: Keep | None = None
) -> ModelPatch:
    """Load a network that goes along with models; keep: as load_checkpoint has it."""
    weights = open_any(path)
    sizes = read_model_patch(weights.header)
    part = Part(
        lambda: BlockWiseNetwork(sizes) if isinstance(sizes, BlockWiseSizes) else build_fun(sizes),
        lambda module: {name: name for name in module.state_dict()},
    )
    loaded = load_alone(weights, part, "patch", precision, device=device, keep=keep)
    if isinstance(sizes, BlockWiseSizes):
        return BlockWise(loaded.module, sizes, loaded.digest, precision.computed, loaded.keeper)
    sizes = sizes._replace(by_layers=_has_empty_refiners(weights, sizes))
    return ZImageFun(loaded.module, sizes, loaded.digest, precision.computed, loaded.keeper)


def read_model_patch(header: Header) -> Sizes:
    """Read a network's sizes; CheckpointError if a file holds none that is known."""
    sizes = read_block_wise(header) or read_fun(header)
    if sizes is not None:
        return sizes
    kind = next((kind for name, kind in OTHERS.items() if name in header.tensors), None)
    names = ", ".join(list(header.tensors)[:SHOWN_NAMES])
    raise CheckpointError(
        f"{header.path.name}: no model patch that is known (DiffSynth's ControlNets of Qwen-Image, Fun ControlNets of Z-Image) "
        "is in this file. "
        + (f"It looks like {kind}, which is not supported. " if kind else "")
        + f"Seen: {len(header.tensors)} tensors, such as {names}."
    )


def _has_empty_refiners(weights: Weights, sizes: FunSizes) -> bool:
    return sizes.adds_early and sizes.layers >= MANY_LAYERS and not bool(weights.get(REFINED).any())
