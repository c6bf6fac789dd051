"""Small random networks that steer transformers, written as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diffusion.control.flux import FluxControlSizes, build_flux_control, flux_control_keys
from tests.diffusion.checkpoints.written import original_state
from tests.diffusion.control.nets import filled
from tests.tiny_checkpoint import write_state

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


def write_flux_net(path: Path, sizes: FluxControlSizes) -> tuple[Path, Any]:
    """Write a network and return where, with diffusers' own."""
    own = filled(build_flux_control(sizes), seed=3)
    return write_state(path, original_state([(own, flux_control_keys(own, sizes))])), own
