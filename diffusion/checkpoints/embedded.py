"""Files within files of weights: tokenizers lie in text encoders as tensors of bytes (`spiece_model`, `tekken_model`).

load_tokenizer("umt5", embedded=embedded_in(header), source=header.path.name)
"""

from __future__ import annotations

from collections.abc import Callable

from diffusion.checkpoints.fill import open_weights
from diffusion.checkpoints.header import Header


def embedded_in(header: Header) -> Callable[[str], bytes | None]:
    """Return what reads the bytes of a tensor by its name, under any prefix; None if the file has none of it."""

    def read(name: str) -> bytes | None:
        keys = (key for key, info in header.tensors.items() if info.dtype in ("U8", "I8") and _is_named(key, name))
        key = next(keys, None)
        return None if key is None else open_weights(header).get(key).numpy().tobytes()

    return read


def _is_named(key: str, name: str) -> bool:
    return key == name or key.endswith(f".{name}")
