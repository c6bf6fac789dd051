"""Small random networks that steer transformers, written as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffusion.checkpoints.fill import header_of
from diffusion.control.block_wise import BlockWiseNetwork, BlockWiseSizes
from diffusion.control.flux import FluxControlSizes, build_flux_control, flux_control_keys
from diffusion.control.qwen_image import QwenControlSizes, build_qwen_control
from diffusion.control.sd3 import SD3ControlSizes, build_sd3_control
from diffusion.control.sd35 import SD35ControlSizes, build_sd35_control, sd35_control_keys
from diffusion.control.z_image_fun import FunSizes, build_fun
from tests.diffusion.checkpoints.written import original_state
from tests.diffusion.control.nets import filled
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import SIZES as QWEN
from tests.tiny_sd3 import SD3
from tests.tiny_z_image import SIZES as Z_IMAGE

FLUX_SINGLE = FluxControlSizes(
    channels=64,
    hint_channels=64,
    width=64,
    head_width=32,
    layers=2,
    single_layers=2,
    context_width=48,
    pooled_width=64,
    has_guidance=True,
)
FLUX_UNION = FLUX_SINGLE._replace(single_layers=0, modes=4, has_guidance=False)
FLUX_FILL = FLUX_SINGLE._replace(hint_channels=68)
XLABS = FLUX_SINGLE._replace(single_layers=0, takes_pixels=True)
SD3_NET = SD3ControlSizes(
    channels=16,
    hint_channels=16,
    patch=2,
    width=SD3.width,
    layers=2,
    context_width=SD3.context_width,
    pooled_width=SD3.pooled_width,
    table=SD3.table,
)
SD3_FILL = SD3_NET._replace(hint_channels=17)
SD35_NET = SD3_NET._replace(layers=3, has_qk_norm=True, dual_layers=(0, 1))
SD35_STABILITY = SD35ControlSizes(16, 2, SD3.width, layers=2, pooled_width=SD3.pooled_width)
FUN = FunSizes(16, Z_IMAGE.width, Z_IMAGE.head_width, layers=2, refiners=2)
FUN_FILL = FUN._replace(channels=33, adds_early=True)
FUN_MANY = FUN_FILL._replace(layers=15)
QWEN_NET = QwenControlSizes(64, 64, QWEN.width, QWEN.head_width, layers=1, context_width=QWEN.context_width)
QWEN_FILL = QWEN_NET._replace(hint_channels=68, layers=2)


def write_flux_net(path: Path, sizes: FluxControlSizes) -> tuple[Path, Any]:
    """Write a network and return where, with diffusers' own."""
    own = filled(build_flux_control(sizes), seed=3)
    return write_state(path, original_state([(own, flux_control_keys(own, sizes))])), own


def write_sd3_net(path: Path, sizes: SD3ControlSizes) -> tuple[Path, Any]:
    """Write a network and return where, with diffusers' own."""
    own = filled(build_sd3_control(sizes), seed=3)
    return write_state(path, own.state_dict()), own


def write_sd35_net(path: Path, kind: int | None = None) -> tuple[Path, Any]:
    """Write a network in Stability's layout and return where, with diffusers' own. kind: of picture, by its number."""
    own = filled(build_sd35_control(SD35_STABILITY), seed=3)
    keys = sd35_control_keys(own.state_dict(), header_of({}), SD35_STABILITY.width)
    state = original_state([(own, keys)])
    return write_state(path, state if kind is None else {**state, "control_type": torch.tensor([float(kind)])}), own


def write_qwen_net(path: Path, sizes: QwenControlSizes) -> tuple[Path, Any]:
    """Write a network and return where, with diffusers' own, whose rotary positions are its own too."""
    from diffusers import QwenImageControlNetModel

    ours = filled(build_qwen_control(sizes), seed=3)
    own = QwenImageControlNetModel.from_config(ours.config).eval().requires_grad_(False)
    own.load_state_dict(ours.state_dict())
    return write_state(path, ours.state_dict()), own


def block_wise_state(masks: int = 0) -> dict[str, Tensor]:
    """Return a network of DiffSynth's that goes along with the tiny Qwen-Image. masks: planes beside the picture."""
    own: dict[str, Tensor] = filled(
        BlockWiseNetwork(BlockWiseSizes(QWEN.width, QWEN.layers, masks)), seed=3
    ).state_dict()
    return own


def fun_network(sizes: FunSizes) -> Any:
    """Return a Fun ControlNet of Z-Image; one with many layers has refiners that are empty."""
    network = filled(build_fun(sizes), seed=3)
    if sizes.layers == FUN_MANY.layers:
        network.control_noise_refiner[0].after_proj.weight.data.zero_()
    return network
