"""Qwen3 4B: 36 layers of 2560."""

from __future__ import annotations

from diffusion.checkpoints.encoders.qwen3 import qwen3_kind

KIND = qwen3_kind("qwen3_4b", "Qwen3 4B")
