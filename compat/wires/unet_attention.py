"""Patches of attention: functions of packs that see, change or replace what attention layers of a U-Net do.

attention.processor = PatchedAttention("attn1", place, transformer_options, attention.processor, shapes)

`attn1` is self-attention, `attn2` attention to the prompt. A replacement gets queries, keys and values after their
projections; a patch gets what goes into these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from compat.wires.unet_places import Attention
from diffusion.attention import attend
from diffusion.patches import Remove

PATCHES = frozenset(
    {"attn1_patch", "attn2_patch", "attn1_output_patch", "attn2_output_patch", "middle_patch"},
)
OWN = ("patches", "patches_replace")  # of the options, what functions are not told


def told(place: Attention, options: dict[str, Any], shape: list[int] | None = None) -> dict[str, Any]:
    """Return what functions are told of their place."""
    attention = place.module.attn1
    extra = {name: value for name, value in options.items() if name not in OWN}
    heads: int = attention.heads
    extra |= {"block": place.block, "block_index": place.place, "transformer_index": place.number}
    extra |= {"n_heads": heads, "dim_head": attention.inner_dim // heads, "attn_precision": None}
    return {**extra, "activations_shape": shape} if shape is not None else extra


@dataclass(frozen=True, eq=False)
class PatchedAttention:
    """A processor of diffusers' Attention."""

    kind: str
    place: Attention
    options: dict[str, Any]
    inner: Any
    shapes: dict[int, list[int]]  # of the picture in each place, by the module around it

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **more: Any,
    ) -> Tensor:
        """Return the attention's output."""
        extra = told(self.place, self.options, self.shapes.get(id(self.place.around)))
        context, value = encoder_hidden_states, None
        patches = self._named(f"{self.kind}_patch")
        if patches:
            context = hidden_states if context is None else context
            value = context
        for patch in patches:
            hidden_states, context, value = patch(hidden_states, context, value, extra)
        replacement = self._replacement()
        if replacement is not None:
            context = hidden_states if context is None else context
            value = context if value is None else value
            q, k, v = attn.to_q(hidden_states), attn.to_k(context), attn.to_v(value)
            output = _projected(attn, replacement(q, k, v, extra))
        elif value is None or value is context:
            output = self.inner(attn, hidden_states, context, attention_mask, **more)
        else:
            output = _projected(
                attn, attend(attn.to_q(hidden_states), attn.to_k(context), attn.to_v(value), attn.heads)
            )
        for patch in self._named(f"{self.kind}_output_patch"):
            output = patch(output, extra)
        return output

    def _named(self, name: str) -> list[Callable[..., Any]]:
        found: list[Callable[..., Any]] = self.options.get("patches", {}).get(name, [])
        return found

    def _replacement(self) -> Callable[..., Any] | None:
        """Return what takes the place of this layer: named with the block's number of transformer, or without."""
        named = self.options.get("patches_replace", {}).get(self.kind, {})
        found: Callable[..., Any] | None = named.get((*self.place.block, self.place.place), named.get(self.place.block))
        return found


def middle_hooks(place: Attention, options: dict[str, Any]) -> Iterator[Remove]:
    """Let `middle_patch` change what goes from self-attention to attention to the prompt."""
    patches = options.get("patches", {}).get("middle_patch", [])
    if not patches:
        return
    before: list[Tensor] = []

    def remember(module: nn.Module, args: tuple[Any, ...]) -> None:
        before[:] = [args[0]]

    def change(module: nn.Module, args: Any, output: Tensor) -> Tensor:
        x = output + before[0]
        for patch in patches:
            x = patch(x, told(place, options))
        return x - before[0]

    yield place.module.register_forward_pre_hook(remember).remove
    yield place.module.attn1.register_forward_hook(change).remove


def _projected(attn: Any, output: Tensor) -> Tensor:
    for layer in attn.to_out:
        output = layer(output)
    return output
