"""Qwen3 0.6B: 28 layers of 1024."""

from __future__ import annotations

from diffusion.checkpoints.encoders.qwen3 import qwen3_kind

KIND = qwen3_kind("qwen3_06b", "Qwen3 0.6B")
