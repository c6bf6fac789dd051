"""Small random networks that steer, written as files in every layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.control.control_lora import ENDS, MARK
from diffusion.control.sizes import ControlSizes, Layout, build_control, control_keys
from diffusion.control.t2i import AdapterLayout, AdapterSizes, adapter_keys, build_adapter
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import UNET, write_state

SD1 = ControlSizes(
    in_channels=4,
    channels=UNET.channels,
    depths=UNET.depths,
    middle_depth=UNET.middle_depth,
    layers=UNET.layers,
    context_width=UNET.context_width,
    is_linear=False,
    vector_width=0,
    hint_channels=3,
    hints=(4, 4, 8, 8),
)
SDXL = SD1._replace(
    channels=(64, 128), depths=(0, 2), middle_depth=2, context_width=48, is_linear=True, vector_width=32 + 6 * 256
)
UNION = SDXL._replace(types=3, task_width=64)
ORIGINAL = Layout("control_model.", True, "", "", "", "")
BARE = ORIGINAL._replace(prefix="")
DIFFUSERS = Layout("", False, "", "", "", "")
ADAPTERS = {
    "full": AdapterSizes("full_adapter", 3, (32, 64), 2, 8),
    "grey": AdapterSizes("full_adapter", 1, (32, 64), 2, 8),
    "xl": AdapterSizes("full_adapter_xl", 3, (32, 64, 64), 2, 16),
    "light": AdapterSizes("light_adapter", 3, (32,), 2, 8),
}


def filled(module: nn.Module, seed: int = 0) -> Any:
    """Return a module with the weights of a seed, none of them zero."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    return module.eval().requires_grad_(False)


def make_net(sizes: ControlSizes = SD1, seed: int = 0) -> Any:
    """Return a ControlNet of diffusers."""
    return filled(build_control(sizes), seed)


def make_adapter(sizes: AdapterSizes, seed: int = 0) -> Any:
    """Return a T2I-Adapter of diffusers."""
    return filled(build_adapter(sizes), seed)


def write_net(
    path: Path, network: nn.Module, layout: Layout = ORIGINAL, more: Mapping[str, Tensor] | None = None
) -> Path:
    """Write a ControlNet in a layout and return the path."""
    return write_state(path, original_state([(network, control_keys(network, layout))]) | dict(more or {}))


def write_adapter(path: Path, network: nn.Module, sizes: AdapterSizes, layout: AdapterLayout) -> Path:
    """Write a T2I-Adapter in a layout and return the path."""
    return write_state(path, original_state([(network, adapter_keys(network, sizes, layout))]))


def make_control_lora(unet: Any, hints: tuple[int, ...] = SD1.hints, rank: int = 3) -> dict[str, Tensor]:
    """Return what a Control-LoRA of a U-Net holds, as Stability's files have it: biases and norms whole, the rest low-rank."""
    from diffusers import ControlNetModel

    own = filled(
        ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=hints, load_weights_from_unet=False)
    )
    generator, found = torch.Generator().manual_seed(5), {MARK: torch.zeros(0)}
    for key, tensor in original_state([(own, control_keys(own, BARE))]).items():
        is_whole = key.startswith(ENDS) or tensor.ndim == 1
        if is_whole:
            found[key] = tensor
            continue
        layer, kernel = key.removesuffix(".weight"), tensor.shape[2:]
        found[f"{layer}.up"] = torch.randn(len(tensor), rank, *[1] * len(kernel), generator=generator) * 0.1
        found[f"{layer}.down"] = torch.randn(rank, *tensor.shape[1:], generator=generator) * 0.1
    return found


def merged_control_lora(unet: Any, state: Mapping[str, Tensor], hints: tuple[int, ...] = SD1.hints) -> Any:
    """Return the network that a Control-LoRA stands for, all of it multiplied out (ComfyUI's sum)."""
    from diffusers import ControlNetModel

    own = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=hints).eval().requires_grad_(False)
    merged = original_state([(own, control_keys(own, BARE))])
    for key, tensor in merged.items():
        layer = key.removesuffix(".weight")
        if f"{layer}.up" in state:
            difference = state[f"{layer}.up"].flatten(1) @ state[f"{layer}.down"].flatten(1)
            merged[key] = tensor + difference.reshape(tensor.shape)
        else:
            merged[key] = state.get(key, tensor)
    own.load_state_dict(
        {name: merged[key].reshape(own.state_dict()[name].shape) for name, key in control_keys(own, BARE).items()}
    )
    return own
