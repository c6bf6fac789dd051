"""A tiny random checkpoint in SD1's layout, for tests of everything that reads one.

path = write_tiny_checkpoint(tmp_path / "tiny.safetensors")  # about 14 MB, most of it CLIP's vocabulary
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from diffusion.checkpoints.families.sd1 import KIND, to_original_keys
from diffusion.checkpoints.networks.clip_text import TextSizes, build_text
from diffusion.checkpoints.networks.kl_vae import VaeSizes, build_vae
from diffusion.checkpoints.networks.unet import UnetSizes, build_unet

UNET = UnetSizes(4, 4, channels=(32, 64), depths=(1, 0), middle_depth=1, layers=1, context_width=64)
VAE = VaeSizes(channels=(32, 32, 32, 32), layers=1, latent_channels=4)
TEXT = TextSizes(vocabulary=49_408, positions=77, width=64, inner_width=128, layers=2)


class TinyNetworks(nn.Module):
    """The three networks, with the weights of a seed."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.unet, self.vae, self.text = build_unet(UNET, KIND), build_vae(VAE), build_text(TEXT)
        self.eval().requires_grad_(False)

    def original_state(self) -> dict[str, Tensor]:
        """Return all weights under the names of a checkpoint."""
        return to_original_keys(self.unet.state_dict(), self.vae.state_dict(), self.text.state_dict())


def write_tiny_checkpoint(
    path: Path, *, seed: int = 0, dtype: torch.dtype = torch.float32, metadata: Mapping[str, str] | None = None
) -> Path:
    """Write a checkpoint and return its path."""
    return write_state(path, TinyNetworks(seed).original_state(), dtype=dtype, metadata=metadata)


def write_tiny_lora(path: Path, *, seed: int = 0) -> Path:
    """Write a LoRA of one layer that fits the checkpoint and return its path."""
    generator, width = torch.Generator().manual_seed(seed), UNET.channels[0]
    factors = {"lora_up": (width, 2), "lora_down": (2, width)}
    layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    state = {f"{layer}.{name}.weight": torch.randn(shape, generator=generator) for name, shape in factors.items()}
    return write_state(path, state)


def write_state(
    path: Path,
    state: Mapping[str, Tensor],
    *,
    dtype: torch.dtype = torch.float32,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write tensors as safetensors and return the path."""
    save_file({name: tensor.to(dtype).contiguous() for name, tensor in state.items()}, path, dict(metadata or {}))
    return path
