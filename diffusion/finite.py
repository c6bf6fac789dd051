"""Numbers that are none: damaged weights and overflow show as NaN or infinity, and would end as a black picture.

require_finite(samples, "The model gave", "Is the checkpoint damaged?")
"""

from __future__ import annotations

from torch import Tensor

from diffusion.errors import DiffusionError


def require_finite(values: Tensor, what: str, advice: str) -> Tensor:
    """Return the values; DiffusionError if any of them is NaN or infinite."""
    broken = int((~values.isfinite()).sum())
    if broken:
        raise DiffusionError(
            f"{what} {broken:,} of {values.numel():,} values that are not numbers (NaN or infinite). {advice}"
        )
    return values
