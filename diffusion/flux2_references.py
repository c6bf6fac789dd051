"""Reference pictures in Flux.2's transformer: a time of their own, and what attention sees of them, kept between steps.

with clean_references(network, words=512, latent=4096, references=1024):
    network(images, …)  # the last 1024 tokens are told that they are free of noise
with recorded(network, references=1024) as seen:
    network(images, …)
network(images[:, :4096], …, kv_cache=seen, kv_cache_mode="cached")  # sees them all the same
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def clean_references(network: Any, *, words: int, latent: int, references: int) -> Iterator[None]:
    """Let a network tell references a time of their own, at which they are free of noise (`index_timestep_zero`).

    words, latent, references: how many tokens there are of the text, of the latent and of the references, in this order.
    """
    told_clean: list[Tensor] = []
    embed = network.time_guidance_embed.forward

    def embedded(time: Tensor, *others: Any) -> Tensor:
        told: Tensor = embed(time, *others)
        told_clean.append(embed(torch.zeros_like(time), *others))
        return told

    def spread(layer: nn.Module, before: int) -> Callable[[Tensor], Tensor]:
        modulate = layer.forward

        def modulation(told: Tensor) -> Tensor:
            noisy, clean = modulate(torch.cat((told, told_clean[0]))).chunk(2)
            return torch.cat((noisy[:, None].expand(-1, before, -1), clean[:, None].expand(-1, references, -1)), dim=1)

        return modulation

    with ExitStack() as stack:
        for layer, forward in (
            (network.time_guidance_embed, embedded),
            (network.double_stream_modulation_img, spread(network.double_stream_modulation_img, latent)),
            (network.single_stream_modulation, spread(network.single_stream_modulation, words + latent)),
        ):
            stack.enter_context(_replaced(layer, forward))
        yield


class ReferenceMemory:
    """What attention sees of references during one sampling, by the prompts of a call."""

    def __init__(self) -> None:
        self._prompts = 0
        self.seen: dict[tuple[float, ...], Any] = {}

    def number(self) -> Tensor:
        """Return a number of its own for a prompt, as the network is given it."""
        self._prompts += 1
        return torch.tensor([float(self._prompts)])


@contextmanager
def recorded(network: Any, *, references: int) -> Iterator[Any]:
    """Record the keys and values of the last tokens in every layer, as diffusers' Flux2KVCache, which holds them afterwards."""
    from diffusers.models.transformers.transformer_flux2 import Flux2KVCache

    seen = Flux2KVCache(len(network.transformer_blocks), len(network.single_transformer_blocks))
    pairs = [
        *zip(network.transformer_blocks, seen.double_block_caches, strict=True),
        *zip(network.single_transformer_blocks, seen.single_block_caches, strict=True),
    ]
    with ExitStack() as stack:
        for block, layer in pairs:
            stack.enter_context(_recorded(block.attn, layer, references))
        yield seen


@contextmanager
def _recorded(attention: Any, seen: Any, references: int) -> Iterator[None]:
    from diffusers.models.embeddings import apply_rotary_emb

    keys: list[Any] = []
    values: list[Any] = []
    apart = getattr(attention, "to_v", None)  # in other layers one projection gives queries, keys and values, and more

    def see_values(layer: nn.Module, args: Any, output: Tensor) -> None:
        width = attention.inner_dim
        values.append((output if layer is apart else output[..., 2 * width : 3 * width])[:, -references:].clone())

    def store(layer: nn.Module, args: Any, named: dict[str, Any], output: Any) -> None:
        turns = tuple(each[-references:] for each in named["image_rotary_emb"])
        value = values.pop().unflatten(-1, (-1, attention.head_dim))
        seen.store(apply_rotary_emb(keys.pop(), turns, sequence_dim=1), value)

    handles = (
        attention.norm_k.register_forward_hook(lambda layer, args, output: keys.append(output[:, -references:])),
        (attention.to_qkv_mlp_proj if apart is None else apart).register_forward_hook(see_values),
        attention.register_forward_hook(store, with_kwargs=True),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _replaced(layer: Any, forward: Callable[..., Tensor]) -> Iterator[None]:
    """Let a layer do something else; what is hooked to it stays."""
    layer.forward = forward
    try:
        yield
    finally:
        del layer.forward
