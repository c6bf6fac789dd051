"""What packs put into a U-Net by `transformer_options`: patches of attention and of blocks, and what a ControlNet adds.

    model.with_hooks(TransformerPatches(transformer_options, control))

The names and what the functions get are ComfyUI's. Hooks are taken out again after the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from compat.wires.told import no_effect
from compat.wires.unet_attention import PATCHES as OF_ATTENTION
from compat.wires.unet_attention import PatchedAttention, middle_hooks
from compat.wires.unet_places import Places, is_unet, places_of
from diffusion.patches import Remove

OF_BLOCKS = frozenset(
    {"input_block_patch", "input_block_patch_after_skip", "output_block_patch", "emb_patch", "middle_block_after_patch"}
)
Options = dict[str, Any]


@dataclass(frozen=True, eq=False)
class TransformerPatches:
    """A hook (diffusion.patches.Hook) for one call of the network. control: lists of tensors by place, consumed."""

    options: Options
    control: dict[str, list[Tensor | None]] | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.options.get("patches") or self.options.get("patches_replace") or self.control)

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Put them in."""
        if not is_unet(backbone):
            no_effect(f"patches inside a network of the kind {type(backbone).__name__}")
            return ()
        for name in self._named - OF_ATTENTION - OF_BLOCKS:
            no_effect(f'the model patch "{name}"')
        places = places_of(backbone)
        return [*self._in_attention(places), *self._in_blocks(places)]

    @property
    def _named(self) -> set[str]:
        return {name for name, some in self.options.get("patches", {}).items() if some}

    def _patches(self, name: str) -> list[Callable[..., Any]]:
        found: list[Callable[..., Any]] = self.options.get("patches", {}).get(name, [])
        return found

    def _in_attention(self, places: Places) -> Iterator[Remove]:
        replaced = self.options.get("patches_replace", {})
        for name in set(replaced) - {"attn1", "attn2"}:
            no_effect(f'the replacement of "{name}" in a network')
        if not (self._named & OF_ATTENTION or replaced.get("attn1") or replaced.get("attn2")):
            return
        shapes: dict[int, list[int]] = {}
        for place in places.attentions:
            yield place.around.register_forward_pre_hook(_recorder(shapes, id(place.around))).remove
            for kind in ("attn1", "attn2"):
                attention = getattr(place.module, kind)
                if attention is not None:
                    before = attention.processor
                    attention.processor = PatchedAttention(kind, place, self.options, before, shapes)
                    yield partial(setattr, attention, "processor", before)
            yield from middle_hooks(place, self.options)

    def _in_blocks(self, places: Places) -> Iterator[Remove]:
        control = self.control or {}
        if self._patches("emb_patch"):
            yield places.time.register_forward_hook(self._emb(places.model_channels)).remove
        if self._patches("input_block_patch") or control.get("input"):
            for place in places.inputs:
                yield place.last.register_forward_hook(self._after_input(place.block)).remove
        if self._patches("input_block_patch_after_skip"):
            for place in places.inputs:
                yield place.following.register_forward_pre_hook(self._after_skip(place.block)).remove
        if self._patches("middle_block_after_patch") or control.get("middle"):
            yield places.middle.register_forward_hook(self._after_middle()).remove
        if self._patches("output_block_patch") or control.get("output"):
            for up in places.outputs:
                yield up.resnet.register_forward_pre_hook(self._before_output(up.block, up.channels)).remove

    def _at(self, block: tuple[str, int]) -> Options:
        return {**self.options, "block": block}

    def _emb(self, channels: int) -> Callable[..., Tensor]:
        def change(module: nn.Module, args: Any, emb: Tensor) -> Tensor:
            for patch in self._patches("emb_patch"):
                emb = patch(emb, channels, self.options)
            return emb

        return change

    def _after_input(self, block: tuple[str, int]) -> Callable[..., Any]:
        def change(module: nn.Module, args: Any, output: Any) -> Any:
            h = self._controlled(_tensor(output), "input")
            for patch in self._patches("input_block_patch"):
                h = patch(h, self._at(block))
            return _like(output, h)

        return change

    def _after_skip(self, block: tuple[str, int]) -> Callable[..., Any]:
        def change(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
            h = args[0]
            for patch in self._patches("input_block_patch_after_skip"):
                h = patch(h, self._at(block))
            return (h, *args[1:])

        return change

    def _after_middle(self) -> Callable[..., Any]:
        def change(module: nn.Module, args: Any, output: Any) -> Any:
            h = self._controlled(_tensor(output), "middle")
            for patch in self._patches("middle_block_after_patch"):
                h = patch({"h": h, "transformer_options": self._at(("middle", 0))})["h"]
            return _like(output, h)

        return change

    def _before_output(self, block: tuple[str, int], channels: int) -> Callable[..., Any]:
        def change(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
            h, skip = args[0][:, :channels], self._controlled(args[0][:, channels:], "output")
            for patch in self._patches("output_block_patch"):
                h, skip = patch(h, skip, self._at(block))
            return (torch.cat((h, skip), dim=1), *args[1:])

        return change

    def _controlled(self, h: Tensor, place: str) -> Tensor:
        """Add what a ControlNet has for the next block of a place; the lists are read from their ends, as in ComfyUI."""
        waiting = (self.control or {}).get(place)
        added = waiting.pop() if waiting else None
        if added is not None and added.shape[-2:] != h.shape[-2:] and added.shape[-2:] != (1, 1):
            no_effect(f"a ControlNet that gives {tuple(added.shape)} where the network has {tuple(h.shape)}")
            return h
        return h if added is None else h + added.to(h)


def _recorder(shapes: dict[int, list[int]], key: int) -> Callable[..., None]:
    def record(module: nn.Module, args: tuple[Any, ...]) -> None:
        shapes[key] = list(args[0].shape)

    return record


def _tensor(output: Any) -> Tensor:
    """Return the tensor of a module's output: diffusers wraps some."""
    tensor: Tensor = output if isinstance(output, Tensor) else output[0]
    return tensor


def _like(output: Any, h: Tensor) -> Any:
    return h if isinstance(output, Tensor) else type(output)(h) if hasattr(output, "keys") else (h, *output[1:])
