"""What the engine may know of values on the wires: how many bytes they take, and a digest of their content.

nbytes(torch.zeros(4, 4))  # 64
digest(torch.zeros(4, 4))  # 16 bytes that change with any element, the shape or the dtype
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch

from diffusion.clip import Clip
from diffusion.clip_vision import ClipVision
from diffusion.control.block_wise import BlockWise
from diffusion.control.net import ControlNet
from diffusion.control.z_image_fun import ZImageFun
from diffusion.ip_adapter.load import IPAdapter
from diffusion.models import Model, Vae
from diffusion.upscalers.load import Upscaler
from nodes.media.video_input import VideoInput

HANDLES = (
    Model,
    Clip,
    Vae,
    Upscaler,
    ControlNet,
    BlockWise,
    ZImageFun,
    ClipVision,
    IPAdapter,
)  # their weights belong to the memory scheduler, not to the cache
OVERHEAD_BYTES = 64  # a small Python object (CPython 3.11, 2026-11)
DIGEST_LIMIT_BYTES = 64 * 1024**2  # hashing 64 MiB takes about 0.1 s; a larger value is not worth the early cut-off


def nbytes(value: Any) -> int:
    """Return the bytes that keeping a value costs; a model handle costs none of its weights, but what its patches hold."""
    return OVERHEAD_BYTES + sum(tensor.nbytes for tensor in tensors_of(value))


def tensors_of(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors inside a value, containers and dataclasses opened; of model handles those of their patches."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Model):
        yield from tensors_of(value.usage)
    elif isinstance(value, HANDLES):
        return
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from tensors_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors_of(part)
    elif isinstance(value, VideoInput):
        yield from tensors_of(vars(value))
    elif is_dataclass(value) and not isinstance(value, type):
        for part in fields(value):
            yield from tensors_of(getattr(value, part.name))


def digest(value: Any) -> bytes | None:
    """Return a digest of a value's content (blake2b-128), or None where it would be dear or impossible."""
    if nbytes(value) > DIGEST_LIMIT_BYTES:
        return None
    state = hashlib.blake2b(digest_size=16)
    return state.digest() if _feed(state, value) else None


def _feed(state: hashlib.blake2b, value: Any) -> bool:
    if value is None or isinstance(value, bool | int | float | str | bytes):
        state.update(f"{type(value).__name__}:{value!r};".encode())
        return True
    if isinstance(value, torch.Tensor):
        return _feed_tensor(state, value)
    if isinstance(value, HANDLES):
        return _feed_handle(state, value)
    if isinstance(value, Mapping):
        return _feed_parts(state, "map", [part for pair in value.items() for part in pair])
    if isinstance(value, list | tuple):
        return _feed_parts(state, "seq", list(value))
    if is_dataclass(value) and not isinstance(value, type):
        return _feed_parts(state, type(value).__qualname__, [getattr(value, part.name) for part in fields(value)])
    return False


def _feed_parts(state: hashlib.blake2b, kind: str, parts: list[Any]) -> bool:
    state.update(f"{kind}[{len(parts)}]".encode())
    return all(_feed(state, part) for part in parts)


def _feed_tensor(state: hashlib.blake2b, tensor: torch.Tensor) -> bool:
    if tensor.device.type != "cpu" or tensor.layout != torch.strided:
        return False
    state.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
    plain = tensor.detach().contiguous().reshape(-1)
    state.update(plain.view(torch.uint8).numpy().data if plain.numel() else b"")
    return True


def _feed_handle(state: hashlib.blake2b, handle: Any) -> bool:
    return False if not handle.digest else _feed_parts(state, type(handle).__qualname__, [handle.digest])
