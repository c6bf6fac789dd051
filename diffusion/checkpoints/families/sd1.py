"""Stable Diffusion 1: a U-Net with cross-attention, CLIP's text encoder and a VAE, in the latent-diffusion layout."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from diffusion.checkpoints.family import UNET as UNET_ADAPTER
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import unet_keys, vae_keys
from diffusion.checkpoints.networks.clip_text import unprojected_keys
from diffusion.checkpoints.networks.unet import Kind, adapter_for, read_unet, unet_part
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_L
from diffusion.errors import CheckpointError
from diffusion.latent_kinds import SD1
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.text.readers import ClipReader, clip_tokenizer

UNET = "model.diffusion_model."  # where the parts lie in files that are written
VAE = "first_stage_model."
TEXT = "cond_stage_model.transformer.text_model."
KIND = Kind(heads=8)
V_PREDICTION = frozenset({"v", "v_prediction", "v-prediction"})
PREDICTION_KEY = "modelspec.prediction_type"  # stability.ai's metadata standard
PREDICTION_KEYS = (PREDICTION_KEY, "modelspec.predict_key")  # the second is what ComfyUI writes
ZERO123_KEY = "cc_projection.weight"
V_MARK = "v_pred"  # an empty tensor of this name says that a model predicts v (ComfyUI)

SIGNATURE = Signature(
    (
        Required(("input_blocks.0.0.weight",), ndim=4),
        Required(("time_embed.0.weight",), ndim=2),
        Required(("middle_block.1.proj_in.weight",), ndim=4),  # later families have linear layers here
        Required(("middle_block.1.transformer_blocks.0.attn2.to_k.weight",), ndim=2),
        Required(("out.2.weight",), ndim=4),
        Forbidden("label_emb.", "SDXL"),
        Forbidden("input_blocks.1.1.time_stack.", "Stable Video Diffusion"),
        Forbidden("middle_block.1.transformer_blocks.1.", "a family with deeper transformers, such as SDXL"),
    )
)


def read(header: Header, prefix: str) -> Backbone:
    """Read the U-Net's sizes; it may be one for inpainting (9 channels) or for instructions (8)."""
    sizes = read_unet(header, prefix)
    if ZERO123_KEY in header.tensors:
        raise CheckpointError(f"{header.path.name}: this is Stable Zero123, which is not supported.")
    latent_format = LatentFormat(channels=sizes.out_channels, kinds=(SD1,))
    return Backbone(
        unet_part(sizes, KIND, prefix),
        Parameterization(prediction="v" if predicts_v(header) else "eps"),
        latent_format,
        adapter_for(header, sizes, UNET_ADAPTER, latent_format),
        context_width=sizes.context_width,
    )


def predicts_v(header: Header) -> bool:
    """Return whether a file says that its network predicts v: in its metadata, or by a mark among its tensors."""
    said = (header.metadata.get(key, "").lower() for key in PREDICTION_KEYS)
    return any(word in V_PREDICTION for word in said) or V_MARK in header.tensors


def says_prediction(header: Header) -> bool:
    """Return whether a file says what its network predicts."""
    return any(key in header.metadata for key in PREDICTION_KEYS) or V_MARK in header.tensors


def to_original_keys(
    unet: Mapping[str, Tensor], vae: Mapping[str, Tensor], text: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Put three state dicts of diffusers and transformers into one in the family's layout; tensors are shared."""
    names = unet_keys(unet), vae_keys(vae)
    state = {UNET + names[0][name]: tensor for name, tensor in unet.items()}
    for name, tensor in vae.items():
        is_projection = ".mid_block.attentions." in name and tensor.ndim == 2
        state[VAE + names[1][name]] = tensor[..., None, None] if is_projection else tensor  # 1x1 convolutions there
    return state | {TEXT + name.removeprefix("text_model."): tensor for name, tensor in text.items()}


TEXTS = Texts({CLIP_L: lambda weights: ClipReader(clip_tokenizer())})
WRITTEN = {CLIP_L: lambda module: unprojected_keys(module, TEXT)}
FAMILY = Family("sd1", "Stable Diffusion 1", SIGNATURE, read, TEXTS, clip_types=("stable_diffusion",), written=WRITTEN)
