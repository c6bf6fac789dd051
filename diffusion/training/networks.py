"""The networks of the built-in model before they have learned anything: SD1's, at a small size."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from torch import Tensor, nn

from diffusion.checkpoints.families import sd1
from diffusion.checkpoints.networks.clip_text import TextSizes, build_text
from diffusion.checkpoints.networks.kl_vae import VaeSizes, build_vae
from diffusion.checkpoints.networks.unet import UnetSizes, build_unet
from diffusion.text.tokenizer import CHUNK_LENGTH, END
from diffusion.training.config import AutoencoderConfig, DenoiserConfig

M = TypeVar("M", bound=nn.Module)
LATENT_CHANNELS = 4
FIRST_GAIN = 10.0  # latents of a deviation near 1 at the start, well above the noise
FIRST_LOG_VARIANCE = -6.0  # quiet noise at the start; at 0 it drowns the signal and nothing is learned


def new_autoencoder(config: AutoencoderConfig) -> nn.Module:
    """Return an untrained VAE whose latents are eight times smaller than the picture."""
    autoencoder: Any = build_vae(VaeSizes(config.channels, layers=1, latent_channels=LATENT_CHANNELS))
    start_as_identity(autoencoder)
    with torch.no_grad():
        autoencoder.quant_conv.weight[:LATENT_CHANNELS] *= FIRST_GAIN
        autoencoder.quant_conv.weight[LATENT_CHANNELS:] *= 0.1
        autoencoder.quant_conv.bias[LATENT_CHANNELS:] = FIRST_LOG_VARIANCE
    module: nn.Module = autoencoder
    return module


class Denoiser(nn.Module):
    """The network that predicts noise: a text encoder and a U-Net that attends to it."""

    def __init__(self, text: Any, unet: Any) -> None:
        super().__init__()
        self.text = text
        self.unet = unet

    def forward(self, noisy: Tensor, timestep: Tensor, tokens: Tensor) -> Tensor:
        """Return the predicted noise of `noisy` (batch, 4, rows, columns) under prompts `tokens` (batch, 77)."""
        return self.predict(noisy, timestep, self.encode(tokens))

    def encode(self, tokens: Tensor) -> Tensor:
        """Return the context of prompts: (batch, 77, width)."""
        context: Tensor = self.text(tokens).last_hidden_state
        return context

    def predict(self, noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """Return the predicted noise under an encoded prompt."""
        noise: Tensor = self.unet(noisy, timestep, encoder_hidden_states=context, return_dict=False)[0]
        return noise


def new_denoiser(config: DenoiserConfig) -> Denoiser:
    """Return an untrained denoiser."""
    width = config.text_width
    text = build_text(TextSizes(END + 1, CHUNK_LENGTH, width, width * 4, config.text_layers))
    unet = build_unet(
        UnetSizes(
            in_channels=LATENT_CHANNELS,
            out_channels=LATENT_CHANNELS,
            channels=config.channels,
            depths=tuple(int(has_attention) for has_attention in config.has_attention),
            middle_depth=1,
            layers=config.layers,
            context_width=width,
        ),
        sd1.KIND,
    )
    start_as_identity(unet)
    return Denoiser(text, unet)


@torch.no_grad()
def start_as_identity(network: nn.Module) -> None:
    """Zero the last layer of every residual branch, so that at the start signals pass (Ho et al. 2020, appendix B)."""
    for module in network.modules():
        if isinstance(module, ResnetBlock2D):
            module.conv2.weight.zero_()
        elif isinstance(module, Transformer2DModel):
            module.proj_out.weight.zero_()
        elif isinstance(module, Attention) and module.residual_connection:
            module.to_out[0].weight.zero_()


def training_dtype(device: str) -> torch.dtype:
    """Return the precision in which a device trains fastest.

    bfloat16 where it is computed in hardware; a CPU without it emulates it, 15 times slower than float32 (Zen 3, 2026-11).
    """
    if not device.startswith("cpu"):
        return torch.bfloat16
    abilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if abilities.get("avx512_bf16") or abilities.get("amx_bf16") else torch.float32


def fast_precision(device: torch.device) -> torch.autocast:
    """Return the context in which networks compute in the device's fastest precision for training."""
    dtype = training_dtype(device.type)
    return torch.autocast(device.type, torch.bfloat16, enabled=dtype is torch.bfloat16)


def channels_last(network: M, device: str) -> M:
    """Move a network to a device, its weights laid out as convolutions read them fastest."""
    anything: Any = network
    moved: M = anything.to(device, memory_format=torch.channels_last)
    return moved
