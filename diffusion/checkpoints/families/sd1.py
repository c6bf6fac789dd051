"""Stable Diffusion 1: a U-Net with cross-attention, CLIP's text encoder and a VAE, in the latent-diffusion layout.

All sizes are read from shapes, so small relatives (such as the built-in model) load too. What shapes do not tell is the
same for the whole family: 8 attention heads in the U-Net, 64 channels a head in the text encoder, 32 groups in norms (of
wide networks; see norm_groups).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

from diffusion.checkpoints.family import Family, Part, Parts, TextPart
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.ldm_keys import unet_keys, vae_keys
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.clip import CLIP_L
from diffusion.errors import CheckpointError
from diffusion.latents import SD1_SCALE, LatentFormat
from diffusion.parameterization import Parameterization
from diffusion.text.readers import ClipReader, clip_tokenizer

UNET = "model.diffusion_model."
VAE = "first_stage_model."
TEXT = "cond_stage_model.transformer.text_model."
OLD_TEXT = "cond_stage_model.transformer."  # files of early transformers versions leave text_model out
UNET_HEADS = 8
TEXT_HEAD_WIDTH = 64
MOST_NORM_GROUPS = 32
LEAST_GROUP_WIDTH = 4
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


class UnetSizes(NamedTuple):
    """What makes one U-Net of the family differ from another; one entry a level in the tuples."""

    in_channels: int
    out_channels: int
    channels: tuple[int, ...]
    has_attention: tuple[bool, ...]
    layers: int
    context_width: int


class VaeSizes(NamedTuple):
    """What makes one VAE differ from another."""

    channels: tuple[int, ...]
    layers: int
    latent_channels: int

    @property
    def downscale(self) -> int:
        """How many pixels a latent cell is wide."""
        return 1 << (len(self.channels) - 1)


class TextSizes(NamedTuple):
    """What makes one text encoder differ from another."""

    vocabulary: int
    positions: int
    width: int
    inner_width: int
    layers: int


def read(header: Header) -> Parts:
    """Read the sizes of the three networks; CheckpointError if they do not fit together."""
    unet, text = read_unet(header), read_text(header)
    vae_sizes = read_vae(header, VAE)
    _check(header, unet, vae_sizes, text)
    old = f"{TEXT}embeddings.token_embedding.weight" not in header.tensors
    text_part = Part(lambda: build_text(text), lambda module: text_keys(module, OLD_TEXT if old else TEXT))
    return Parts(
        backbone=Part(lambda: build_unet(unet), lambda module: _prefixed(UNET, unet_keys(module.state_dict()))),
        text=(TextPart(CLIP_L, text_part, lambda: ClipReader(clip_tokenizer())),),
        vae=vae_part(vae_sizes, VAE),
        parameterization=_parameterization(header),
        latent_format=latent_format(vae_sizes),
    )


def read_unet(header: Header) -> UnetSizes:
    """Read a U-Net's sizes."""
    downsamplers = _numbers(header, f"{UNET}input_blocks.", ".0.op.weight")
    blocks = len(_numbers(header, f"{UNET}input_blocks.", ".0.out_layers.3.weight"))
    levels = len(downsamplers) + 1
    layers = blocks // levels
    firsts = [f"{UNET}input_blocks.{1 + level * (layers + 1)}" for level in range(levels)]
    first_conv = _shape(header, f"{UNET}input_blocks.0.0.weight")
    return UnetSizes(
        in_channels=first_conv[1],
        out_channels=_shape(header, f"{UNET}out.2.weight")[0],
        channels=tuple(_shape(header, f"{first}.0.out_layers.3.weight")[0] for first in firsts),
        has_attention=tuple(f"{first}.1.proj_in.weight" in header.tensors for first in firsts),
        layers=layers,
        context_width=_shape(header, f"{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight")[1],
    )


def read_vae(header: Header, prefix: str) -> VaeSizes:
    """Read a VAE's sizes; the prefix may be empty."""
    levels = _numbers(header, f"{prefix}encoder.down.", ".block.0.conv2.weight")
    return VaeSizes(
        channels=tuple(_shape(header, f"{prefix}encoder.down.{level}.block.0.conv2.weight")[0] for level in levels),
        layers=len(_numbers(header, f"{prefix}encoder.down.0.block.", ".conv2.weight")),
        latent_channels=_shape(header, f"{prefix}decoder.conv_in.weight")[1],
    )


def read_text(header: Header) -> TextSizes:
    """Read a text encoder's sizes."""
    prefix = TEXT if f"{TEXT}embeddings.token_embedding.weight" in header.tensors else OLD_TEXT
    vocabulary, width = _shape(header, f"{prefix}embeddings.token_embedding.weight")
    return TextSizes(
        vocabulary=vocabulary,
        positions=_shape(header, f"{prefix}embeddings.position_embedding.weight")[0],
        width=width,
        inner_width=_shape(header, f"{prefix}encoder.layers.0.mlp.fc1.weight")[0],
        layers=len(_numbers(header, f"{prefix}encoder.layers.", ".mlp.fc1.weight")),
    )


def norm_groups(channels: tuple[int, ...]) -> int:
    """Return the number of groups in every GroupNorm of a network: 32 from 128 channels on, fewer below.

    A small network with 32 groups would normalise each channel alone, which erases the colour of flat pictures (a VAE of
    32 channels then learned nothing in 300 steps, 2026-11).
    """
    return max(1, min(MOST_NORM_GROUPS, channels[0] // LEAST_GROUP_WIDTH))


def build_unet(sizes: UnetSizes) -> nn.Module:
    """Build the backbone."""
    from diffusers import UNet2DConditionModel

    down = ["CrossAttnDownBlock2D" if attention else "DownBlock2D" for attention in sizes.has_attention]
    up = ["CrossAttnUpBlock2D" if attention else "UpBlock2D" for attention in reversed(sizes.has_attention)]
    module: nn.Module = UNet2DConditionModel(
        in_channels=sizes.in_channels,
        out_channels=sizes.out_channels,
        block_out_channels=sizes.channels,
        down_block_types=tuple(down),
        up_block_types=tuple(up),
        layers_per_block=sizes.layers,
        cross_attention_dim=sizes.context_width,
        attention_head_dim=UNET_HEADS,  # diffusers' name for the number of heads in this family
        norm_num_groups=norm_groups(sizes.channels),
    )
    return module


def build_vae(sizes: VaeSizes) -> nn.Module:
    """Build the autoencoder."""
    from diffusers import AutoencoderKL

    levels = len(sizes.channels)
    module: nn.Module = AutoencoderKL(
        block_out_channels=sizes.channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=sizes.layers,
        latent_channels=sizes.latent_channels,
        norm_num_groups=norm_groups(sizes.channels),
        scaling_factor=SD1_SCALE,
    )
    return module


def build_text(sizes: TextSizes) -> nn.Module:
    """Build the text encoder."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=sizes.vocabulary,
        hidden_size=sizes.width,
        intermediate_size=sizes.inner_width,
        num_hidden_layers=sizes.layers,
        num_attention_heads=max(1, sizes.width // TEXT_HEAD_WIDTH),
        max_position_embeddings=sizes.positions,
        hidden_act="quick_gelu",
        bos_token_id=sizes.vocabulary - 2,
        eos_token_id=sizes.vocabulary - 1,
        pad_token_id=sizes.vocabulary - 1,
        projection_dim=sizes.width,
    )
    module: nn.Module = CLIPTextModel(config)
    return module


def vae_part(sizes: VaeSizes, prefix: str) -> Part:
    """Return the VAE of a file whose keys begin with a prefix."""
    return Part(lambda: build_vae(sizes), lambda module: _prefixed(prefix, vae_keys(module.state_dict())))


def latent_format(sizes: VaeSizes) -> LatentFormat:
    """Return the scale of the family's latents."""
    return LatentFormat(channels=sizes.latent_channels, spatial_downscale=sizes.downscale)


def text_keys(module: nn.Module, prefix: str = TEXT) -> dict[str, str]:
    """Map the names of a CLIPTextModel to those in the file."""
    return {name: prefix + name.removeprefix("text_model.") for name in module.state_dict()}


def to_original_keys(
    unet: Mapping[str, Tensor], vae: Mapping[str, Tensor], text: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Put three state dicts of diffusers and transformers into one in the family's layout; tensors are shared."""
    names = _prefixed(UNET, unet_keys(unet)), _prefixed(VAE, vae_keys(vae))
    state = {names[0][name]: tensor for name, tensor in unet.items()}
    for name, tensor in vae.items():
        is_projection = ".mid_block.attentions." in name and tensor.ndim == 2
        state[names[1][name]] = tensor[..., None, None] if is_projection else tensor  # 1x1 convolutions there
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


def _shape(header: Header, key: str) -> tuple[int, ...]:
    shape = header.shape(key)
    if shape is None:
        raise CheckpointError(f"{header.path.name}: {key} is missing, without which the model's size is not known.")
    return shape


def _numbers(header: Header, prefix: str, suffix: str) -> list[int]:
    """Return the numbers between a prefix and a suffix in the names of the file, sorted."""
    parts = (
        key[len(prefix) : -len(suffix)] for key in header.tensors if key.startswith(prefix) and key.endswith(suffix)
    )
    return sorted(int(part) for part in parts if part.isdecimal())


def _prefixed(prefix: str, keys: Mapping[str, str]) -> dict[str, str]:
    return {name: prefix + key for name, key in keys.items()}


FAMILY = Family("sd1", "Stable Diffusion 1", SIGNATURE, read)
