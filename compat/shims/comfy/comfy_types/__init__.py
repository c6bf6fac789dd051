"""ComfyUI's `comfy.comfy_types`: names of types for annotations in packs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypedDict

from comfy.comfy_types.node_typing import IO, CheckLazyMixin, ComfyNodeABC, FileLocator, InputTypeDict
from torch import Tensor


class UnetApplyFunction(Protocol):
    """A network, called with what is to be denoised."""

    def __call__(self, x: Tensor, t: Tensor, **kwargs: Any) -> Tensor:
        """Return the network's output."""
        ...


class UnetApplyConds(TypedDict):
    """What guides a network."""

    c_concat: Tensor | None
    c_crossattn: Tensor | None
    control: Tensor | None
    transformer_options: dict[str, Any] | None


class UnetParams(TypedDict):
    """What a wrapper of a network is given. input: (batch, channels, height, width); timestep: (batch,)."""

    input: Tensor
    timestep: Tensor
    c: UnetApplyConds
    cond_or_uncond: list[int]  # 0: of the positive prompt, 1: of the negative one


UnetWrapperFunction = Callable[[UnetApplyFunction, UnetParams], Tensor]

__all__ = [
    "IO",
    "CheckLazyMixin",
    "ComfyNodeABC",
    "FileLocator",
    "InputTypeDict",
    "UnetApplyConds",
    "UnetApplyFunction",
    "UnetParams",
    "UnetWrapperFunction",
]
