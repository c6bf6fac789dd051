"""Precisions of networks on a kind of device: what the user chose, else what the device is good at.

    choose(PrecisionSettings(unet="float8_e4m3fn"), "cuda").unet  # stored in 8 bits, computed in bfloat16

U-Nets and text encoders are kept as chosen and computed in what the device is good at; VAEs compute in what is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from diffusion.quantize import Precision, Precisions

SLOW_IN_HALF = frozenset({"cpu"})  # processors compute half precision many times slower than float32
WIDE, NARROW = "bfloat16", "float16"  # what 8 bits are computed in: in the first's range no network overflows


@dataclass(frozen=True)
class PrecisionSettings:
    """What the user chose: torch's names of dtypes; None leaves it to the device."""

    all: str | None = None
    unet: str | None = None
    text: str | None = None
    vae: str | None = None
    cpu_vae: bool = False


def choose(settings: PrecisionSettings, device_type: str, *, has_bfloat16: bool = True) -> Precisions:
    """Return the precisions of a checkpoint's networks on a kind of device ("cpu", "cuda", "mps").

    has_bfloat16: the device computes in it as fast as in float16.
    """
    from diffusion.quantize import Precisions

    return Precisions(
        unet=_precision(settings.unet or settings.all, device_type, has_bfloat16),
        text=_precision(settings.text or settings.all, device_type, has_bfloat16),
        vae=_vae_precision(settings, "cpu" if settings.cpu_vae else device_type),
    )


def kept_as(usual: Precision, weights: torch.dtype | None, *, has_bfloat16: bool = True) -> Precision:
    """Return the precision of a network whose loader says how its weights are kept; None leaves the usual one."""
    if weights is None:
        return usual
    return usual._replace(stored=weights, computed=usual.computed or usual.stored or _unpacked(has_bfloat16))


def _unpacked(has_bfloat16: bool) -> torch.dtype:
    return _dtype(WIDE if has_bfloat16 else NARROW)


def _precision(name: str | None, device_type: str, has_bfloat16: bool) -> Precision:
    """Return a precision for a network that may be kept in fewer bits than it is computed in."""
    from diffusion.quantize import Precision

    if name is None:
        return _default(device_type)
    stored = _dtype(name)
    if device_type in SLOW_IN_HALF:
        return Precision(stored, _dtype("float32"))
    return Precision(stored, _unpacked(has_bfloat16) if stored.itemsize == 1 else stored)


def _vae_precision(settings: PrecisionSettings, device_type: str) -> Precision:
    """Return a VAE's precision: what is chosen for it is also what it computes in, so float16 must be asked for."""
    from diffusion.quantize import Precision

    name = settings.vae or ("float32" if settings.all == "float32" else None)
    return _default(device_type) if name is None else Precision(_dtype(name))


def _default(device_type: str) -> Precision:
    """Return float32 for processors; other devices take what is stored."""
    from diffusion.quantize import Precision

    return Precision(_dtype("float32") if device_type in SLOW_IN_HALF else None)


def _dtype(name: str) -> torch.dtype:
    import torch

    dtype: torch.dtype = getattr(torch, name)
    return dtype
