"""The three networks of the built-in model: diffusers' and transformers' SD1 classes at a small size."""

from __future__ import annotations

from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from diffusion.training.config import PICTURE_SIDE, AutoencoderConfig, DenoiserConfig

VOCABULARY = 49_408  # CLIP's
END_OF_TEXT = 49_407
PROMPT_TOKENS = 77
CLIP_HEAD_WIDTH = 64
SD1_HEADS = 8
FIRST_LOG_VARIANCE = -6.0  # a quiet latent at the start; at 0 the noise drowns the signal and nothing is learned


def build_autoencoder(config: AutoencoderConfig) -> AutoencoderKL:
    """Return an untrained VAE whose latents are eight times smaller than the picture."""
    levels = len(config.channels)
    autoencoder = AutoencoderKL(
        block_out_channels=config.channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        latent_channels=4,
        sample_size=PICTURE_SIDE,
    )
    with torch.no_grad():
        autoencoder.quant_conv.weight[4:] *= 0.1
        autoencoder.quant_conv.bias[4:] = FIRST_LOG_VARIANCE
    return autoencoder


class Denoiser(nn.Module):
    """The network that predicts noise: a text encoder and a U-Net that attends to it."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.text: Any = CLIPTextModel(_text_config(config))
        self.unet: Any = UNet2DConditionModel(
            sample_size=PICTURE_SIDE // 8,
            block_out_channels=config.channels,
            down_block_types=("CrossAttnDownBlock2D",) * len(config.channels),
            up_block_types=("CrossAttnUpBlock2D",) * len(config.channels),
            layers_per_block=1,
            cross_attention_dim=config.text_width,
            attention_head_dim=SD1_HEADS,  # diffusers' name for the number of heads in SD1
        )

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


def _text_config(config: DenoiserConfig) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=config.text_width,
        intermediate_size=config.text_width * 4,
        num_hidden_layers=config.text_layers,
        num_attention_heads=config.text_width // CLIP_HEAD_WIDTH,
        max_position_embeddings=PROMPT_TOKENS,
        hidden_act="quick_gelu",
        eos_token_id=END_OF_TEXT,
        bos_token_id=END_OF_TEXT - 1,
        pad_token_id=END_OF_TEXT,
        projection_dim=config.text_width,
    )
