"""Stable Diffusion 1: a U-Net with cross-attention, CLIP's text encoder and a VAE, in the latent-diffusion layout."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from diffusion.checkpoints.family import Family, Parts, TextPart
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import unet_keys, vae_keys
from diffusion.checkpoints.networks.clip_text import TextSizes, read_text, text_part
from diffusion.checkpoints.networks.kl_vae import VaeSizes, read_vae, vae_part
from diffusion.checkpoints.networks.unet import Kind, UnetSizes, read_unet, unet_part
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_L
from diffusion.errors import CheckpointError
from diffusion.latents import LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.text.readers import ClipReader, clip_tokenizer

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = "cond_stage_model.transformer.text_model."
OLD_TEXT = "cond_stage_model.transformer."  # files of early transformers versions leave text_model out
KIND = Kind(heads=8)
V_PREDICTION = frozenset({"v", "v_prediction", "v-prediction"})
PREDICTION_KEY = "modelspec.prediction_type"  # stability.ai's metadata standard

SIGNATURE = Signature(
    (
        Required((f"{UNET}input_blocks.0.0.weight",), ndim=4),
        Required((f"{UNET}time_embed.0.weight",), ndim=2),
        Required((f"{UNET}middle_block.1.proj_in.weight",), ndim=4),  # later families have linear layers here
        Required((f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight",), ndim=2),
        Required((f"{UNET}out.2.weight",), ndim=4),
        Required((f"{VAE}encoder.conv_in.weight",), ndim=4),
        Required((f"{VAE}decoder.conv_in.weight",), ndim=4),
        Required((f"{TEXT}embeddings.token_embedding.weight", f"{OLD_TEXT}embeddings.token_embedding.weight"), ndim=2),
        Forbidden(f"{UNET}label_emb.", "SDXL"),
        Forbidden("conditioner.embedders.", "SDXL"),
        Forbidden("cond_stage_model.model.", "SD2"),
        Forbidden(f"{UNET}input_blocks.1.1.time_stack.", "Stable Video Diffusion"),
        Forbidden(f"{UNET}middle_block.1.transformer_blocks.1.", "a family with deeper transformers, such as SDXL"),
    )
)


def read(header: Header) -> Parts:
    """Read the sizes of the three networks; CheckpointError if they do not fit together."""
    prefix = text_prefix(header)
    unet, text, vae = read_unet(header, UNET), read_text(header, prefix), read_vae(header, VAE)
    _check(header, unet, vae, text)
    return Parts(
        backbone=unet_part(unet, KIND, UNET),
        text=(TextPart(CLIP_L, text_part(text, "quick_gelu", prefix), lambda: ClipReader(clip_tokenizer())),),
        vae=vae_part(vae, VAE),
        parameterization=_parameterization(header),
        latent_format=latent_format(vae),
    )


def text_prefix(header: Header) -> str:
    """Return what the keys of the text encoder begin with in a file."""
    return TEXT if f"{TEXT}embeddings.token_embedding.weight" in header.tensors else OLD_TEXT


def latent_format(sizes: VaeSizes) -> LatentFormat:
    """Return the scale of the family's latents."""
    return LatentFormat(channels=sizes.latent_channels, spatial_downscale=sizes.downscale)


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


def _check(header: Header, unet: UnetSizes, vae: VaeSizes, text: TextSizes) -> None:
    name = header.path.name
    if unet.in_channels != unet.out_channels:
        raise CheckpointError(
            f"{name}: the U-Net takes {unet.in_channels} channels and gives {unet.out_channels}: "
            "it is made for inpainting or for editing with a picture beside the latent, which is not supported."
        )
    if unet.in_channels != vae.latent_channels:
        raise CheckpointError(
            f"{name}: the U-Net works on {unet.in_channels} channels, the VAE makes {vae.latent_channels}; "
            "the parts of this file do not belong together."
        )
    if unet.context_width != text.width:
        raise CheckpointError(
            f"{name}: the U-Net attends to vectors {unet.context_width} wide, the text encoder makes {text.width}; "
            "the parts of this file do not belong together."
        )


def _parameterization(header: Header) -> Parameterization:
    is_v = header.metadata.get(PREDICTION_KEY, "").lower() in V_PREDICTION or "v_pred" in header.tensors
    return Parameterization(prediction="v" if is_v else "eps")


FAMILY = Family("sd1", "Stable Diffusion 1", SIGNATURE, read)
