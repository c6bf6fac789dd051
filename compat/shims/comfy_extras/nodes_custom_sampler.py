"""ComfyUI's `comfy_extras.nodes_custom_sampler`: node classes of Weft's operators, and the noise and guiders beside them."""

from __future__ import annotations

from typing import Any

from comfy.samplers import CFGGuider
from comfy_extras import made_module

from compat.wires.noise import NoNoise as Noise_EmptyNoise
from compat.wires.noise import RandomNoise as Noise_RandomNoise

__all__ = ["Guider_Basic", "Noise_EmptyNoise", "Noise_RandomNoise"]


class Guider_Basic(CFGGuider):  # type: ignore[misc]  # mypy cannot see its base
    """A guider without a negative side."""

    def set_conds(self, positive: Any) -> None:
        """Take a prompt."""
        self.inner_set_conds({"positive": positive})


globals().update(made_module("nodes_custom_sampler") or {})
