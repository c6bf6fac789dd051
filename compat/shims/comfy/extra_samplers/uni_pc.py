"""ComfyUI's `comfy.extra_samplers.uni_pc`."""

from __future__ import annotations

from compat.wires.borrowed_samplers import BorrowedSampler

sample_unipc = BorrowedSampler.of("uni_pc")
sample_unipc_bh2 = BorrowedSampler.of("uni_pc_bh2")
