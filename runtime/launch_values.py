"""What a user chose, in the names and values that ComfyUI's `args` have: what node packs look at.

launch_values(settings)["disable_metadata"]  # False
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.memory_settings import MemorySettings
from runtime.precision import PrecisionSettings
from runtime.settings import GIB, CacheSettings, Settings

PARTS = {"unet": "unet", "vae": "vae", "text": "text_enc"}  # of a network, and what its flags end in
SHORT = {
    "float32": "fp32",
    "float16": "fp16",
    "bfloat16": "bf16",
    "float8_e4m3fn": "fp8_e4m3fn",
    "float8_e5m2": "fp8_e5m2",
}


def launch_values(settings: Settings) -> dict[str, Any]:
    """Return the values that differ from ComfyUI's defaults, by their names there."""
    folders: Mapping[str, Path | None] = {
        "output_directory": settings.output,
        "input_directory": settings.input,
        "temp_directory": settings.temp,
        "user_directory": settings.user,
        "models_directory": settings.models,
    }
    return {
        "base_directory": os.path.abspath(settings.base),
        **{name: os.path.abspath(path) for name, path in folders.items() if path is not None},
        **({"cpu": True} if settings.device == "cpu" else {}),
        **({} if settings.write_metadata else {"disable_metadata": True}),
        **_cache(settings.cache),
        **_memory(settings.memory),
        **_precision(settings.precision),
    }


def _cache(cache: CacheSettings) -> dict[str, Any]:
    named: Mapping[str, dict[str, Any]] = {
        "none": {"cache_none": True},
        "lru": {"cache_lru": cache.results},
        "classic": {"cache_classic": True},
        "ram": {"cache_ram": [cache.headroom_bytes / GIB]},
    }
    return named.get(cache.strategy, {})


def _memory(memory: MemorySettings) -> dict[str, Any]:
    residence = memory.residence.value
    return {
        **({} if residence == "normalvram" else {residence: True}),
        **({"gpu_only": True} if memory.tables_on_device else {}),
        **({"reserve_vram": _number(memory.reserve)} if memory.reserve is not None else {}),
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # with a unit, which ComfyUI does not know
        return None


def _precision(precision: PrecisionSettings) -> dict[str, Any]:
    found: dict[str, Any] = {"cpu_vae": True} if precision.cpu_vae else {}
    if precision.all is not None:
        found[f"force_{SHORT[precision.all]}"] = True
    for part, word in PARTS.items():
        dtype = getattr(precision, part)
        if dtype is not None:
            found[f"{SHORT[dtype]}_{word}"] = True
    if precision.all == "float16":
        found["fp16_unet"] = True  # --force-fp16 means it in ComfyUI
    return found
