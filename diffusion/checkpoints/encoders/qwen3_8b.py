"""Qwen3 8B: 36 layers of 4096."""

from __future__ import annotations

from diffusion.checkpoints.encoders.qwen3 import qwen3_kind

KIND = qwen3_kind("qwen3_8b", "Qwen3 8B")
