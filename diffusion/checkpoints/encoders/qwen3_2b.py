"""Qwen3 2B: 28 layers of 2048 (1.7B by its own count)."""

from __future__ import annotations

from diffusion.checkpoints.encoders.qwen3 import qwen3_kind

KIND = qwen3_kind("qwen3_2b", "Qwen3 2B")
