"""ComfyUI's flags about precision, as one table; nothing here needs typer.

contradiction(["fp16-unet", "fp32-unet"])  # "--fp32-unet and --fp16-unet contradict each other; leave one out."
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class PrecisionFlag(NamedTuple):
    """What a flag of the command line chooses: a dtype (torch's name) for a part, or for all."""

    part: str  # "all", "unet", "text" or "vae": a field of PrecisionSettings
    dtype: str
    help: str


PRECISION_FLAGS: Mapping[str, PrecisionFlag] = {
    "force-fp32": PrecisionFlag("all", "float32", "Compute everything in float32."),
    "force-fp16": PrecisionFlag("all", "float16", "Keep the diffusion network and the text encoder in float16."),
    "fp32-unet": PrecisionFlag("unet", "float32", "Keep the diffusion network in float32."),
    "fp16-unet": PrecisionFlag("unet", "float16", "Keep the diffusion network in float16."),
    "bf16-unet": PrecisionFlag("unet", "bfloat16", "Keep the diffusion network in bfloat16."),
    "fp8_e4m3fn-unet": PrecisionFlag("unet", "float8_e4m3fn", "Keep the diffusion network in 8 bits, 3 of mantissa."),
    "fp8_e5m2-unet": PrecisionFlag("unet", "float8_e5m2", "Keep the diffusion network in 8 bits, 2 of mantissa."),
    "fp16-vae": PrecisionFlag("vae", "float16", "Run the VAE in float16; some give black pictures."),
    "fp32-vae": PrecisionFlag("vae", "float32", "Run the VAE in float32."),
    "bf16-vae": PrecisionFlag("vae", "bfloat16", "Run the VAE in bfloat16."),
    "fp8_e4m3fn-text-enc": PrecisionFlag("text", "float8_e4m3fn", "Keep the text encoder in 8 bits, 3 of mantissa."),
    "fp8_e5m2-text-enc": PrecisionFlag("text", "float8_e5m2", "Keep the text encoder in 8 bits, 2 of mantissa."),
    "fp16-text-enc": PrecisionFlag("text", "float16", "Keep the text encoder in float16."),
    "fp32-text-enc": PrecisionFlag("text", "float32", "Keep the text encoder in float32."),
    "bf16-text-enc": PrecisionFlag("text", "bfloat16", "Keep the text encoder in bfloat16."),
}
CPU_VAE, CPU_VAE_HELP = "cpu-vae", "Run the VAE on the processor."


def flags_by_part(names: Collection[str]) -> dict[str, str]:
    """Return the flag that was given for each part."""
    return {PRECISION_FLAGS[name].part: name for name in PRECISION_FLAGS if name in names}


def contradiction(names: Collection[str]) -> str | None:
    """Return a sentence if two flags choose differently for one part; flags of other kinds are ignored."""
    by_part: dict[str, str] = {}
    for name in (name for name in PRECISION_FLAGS if name in names):
        part = PRECISION_FLAGS[name].part
        for other in (by_part.get(part), by_part.get("all") if part == "unet" else None):
            if other is not None and PRECISION_FLAGS[other].dtype != PRECISION_FLAGS[name].dtype:
                return f"--{other} and --{name} contradict each other; leave one out."
        by_part[part] = name
    return None
