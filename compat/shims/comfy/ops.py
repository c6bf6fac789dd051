"""ComfyUI's `comfy.ops`: layers whose weights may lie elsewhere, or in another precision, than they compute in."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def cast_to(
    weight: Tensor | None, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False
) -> Any:
    """Return a tensor in another dtype and place."""
    return None if weight is None else weight.to(device=device, dtype=dtype, non_blocking=non_blocking, copy=copy)


def cast_to_input(weight: Tensor | None, input: Tensor, non_blocking: bool = False, copy: bool = True) -> Any:
    """Return a tensor as another has it."""
    return cast_to(weight, input.dtype, input.device, non_blocking, copy)


def cast_bias_weight(
    s: Any, input: Tensor | None = None, dtype: Any = None, device: Any = None, bias_dtype: Any = None, **unused: Any
) -> tuple[Tensor, Tensor | None]:
    """Return a layer's weight and bias for an input."""
    if input is not None:
        dtype, device = dtype or input.dtype, device or input.device
    return cast_to(s.weight, dtype, device), cast_to(s.bias, bias_dtype or dtype, device)


class CastWeightBiasOp:
    """What casting layers have in common."""

    comfy_cast_weights = False


def _uninitialised(base: type[Any]) -> type[Any]:
    """Return a layer whose weights are not drawn at random: they will be loaded."""

    def keep(self: Any) -> None:
        return None

    return type(base.__name__, (base, CastWeightBiasOp), {"reset_parameters": keep})


class disable_weight_init:
    """Layers that cost no time to make."""

    Linear = _uninitialised(nn.Linear)
    Conv1d = _uninitialised(nn.Conv1d)
    Conv2d = _uninitialised(nn.Conv2d)
    Conv3d = _uninitialised(nn.Conv3d)
    GroupNorm = _uninitialised(nn.GroupNorm)
    LayerNorm = _uninitialised(nn.LayerNorm)
    ConvTranspose1d = _uninitialised(nn.ConvTranspose1d)
    ConvTranspose2d = _uninitialised(nn.ConvTranspose2d)
    Embedding = _uninitialised(nn.Embedding)

    @classmethod
    def conv_nd(cls, dims: int, *args: Any, **kwargs: Any) -> nn.Module:
        """Return a convolution over 2 or 3 dimensions."""
        made: nn.Module = {2: cls.Conv2d, 3: cls.Conv3d}[dims](*args, **kwargs)
        return made


def _casting(base: type[Any]) -> type[Any]:
    """Return a layer that computes as its input has it, with weights cast for the time of a call."""

    def forward(self: Any, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        is_ids = not x.is_floating_point()
        dtype = kwargs.pop("out_dtype", None) if is_ids else x.dtype
        cast: dict[str, Tensor] = {
            f"layer.{name}": nn.Parameter(cast_to(weight, dtype, x.device), requires_grad=False)
            for name, weight in self.named_parameters(recurse=False)
        }
        output: Tensor = torch.func.functional_call(_Plain(self, base), cast, (x, *args))
        return output

    return type(base.__name__, (base,), {"forward": forward, "comfy_cast_weights": True})


class _Plain(nn.Module):
    """A layer called as torch's own class does it."""

    def __init__(self, layer: nn.Module, base: type[Any]) -> None:
        super().__init__()
        self.layer, self.base = layer, base

    def forward(self, *args: Any) -> Any:
        """Return the layer's output."""
        return self.base.forward(self.layer, *args)


class manual_cast(disable_weight_init):
    """Layers that cast their weights to what goes in."""

    Linear = _casting(disable_weight_init.Linear)
    Conv1d = _casting(disable_weight_init.Conv1d)
    Conv2d = _casting(disable_weight_init.Conv2d)
    Conv3d = _casting(disable_weight_init.Conv3d)
    GroupNorm = _casting(disable_weight_init.GroupNorm)
    LayerNorm = _casting(disable_weight_init.LayerNorm)
    ConvTranspose1d = _casting(disable_weight_init.ConvTranspose1d)
    ConvTranspose2d = _casting(disable_weight_init.ConvTranspose2d)
    Embedding = _casting(disable_weight_init.Embedding)


def pick_operations(weight_dtype: Any, compute_dtype: Any, **unused: Any) -> type[disable_weight_init]:
    """Return layers that cast if weights are kept in another precision than is computed in."""
    is_same = compute_dtype is None or weight_dtype == compute_dtype
    return disable_weight_init if is_same else manual_cast
