"""The last norm of transformers whose files have its shift before its scale, where diffusers has the scale first.

    module.norm_out = …; shift_first(module.norm_out)

The halves of what its layer gives are exchanged, not those of the weights: these stay views of the file, and changes of them
(LoRAs) keep the file's order.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def shift_first(norm: Any) -> None:
    """Let a norm (diffusers' AdaLayerNormContinuous) work with weights that have the shift first."""
    norm.linear.register_forward_hook(_exchange_halves)


def layers_with_shift_first(network: nn.Module) -> frozenset[str]:
    """Return the names of the layers of a network for which that was done."""
    layers = network.named_modules()
    return frozenset(name for name, layer in layers if _exchange_halves in layer._forward_hooks.values())


def _exchange_halves(layer: nn.Module, args: Any, output: Tensor) -> Tensor:
    shift, scale = output.chunk(2, dim=-1)
    return torch.cat((scale, shift), dim=-1)
