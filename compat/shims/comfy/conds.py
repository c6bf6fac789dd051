"""ComfyUI's `comfy.conds`."""

from __future__ import annotations

from compat.wires.conds import CONDConstant, CONDCrossAttn, CONDList, CONDNoiseShape, CONDRegular, is_equal

__all__ = ["CONDConstant", "CONDCrossAttn", "CONDList", "CONDNoiseShape", "CONDRegular", "is_equal"]
