"""What `comfy.model_management` says of this machine once, when it is imported."""

from __future__ import annotations

import sys
from enum import Enum

import psutil
import torch
from comfy.cli_args import args

from compat.shims.finder import lent

MIB, GIB = 2**20, 2**30
CPU = torch.device("cpu")


class VRAMState(Enum):
    """How memory of a device is used."""

    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


class CPUState(Enum):
    """What computes."""

    GPU = 0
    CPU = 1
    MPS = 2


def _vram_state() -> VRAMState:
    if lent().device.type != "cuda":
        return VRAMState.SHARED if lent().device.type == "mps" else VRAMState.DISABLED
    if args.highvram or args.gpu_only:
        return VRAMState.HIGH_VRAM
    if args.lowvram or args.novram:
        return VRAMState.LOW_VRAM if args.lowvram else VRAMState.NO_VRAM
    return VRAMState.NORMAL_VRAM


cpu_state = {"cuda": CPUState.GPU, "mps": CPUState.MPS}.get(lent().device.type, CPUState.CPU)
vram_state = set_vram_to = _vram_state()
total_vram = lent().total_bytes() / MIB
total_ram = psutil.virtual_memory().total / MIB
torch_version = torch.__version__
torch_version_numeric = tuple(int(part) for part in torch_version.split(".")[:2])
xpu_available = npu_available = mlu_available = ixuca_available = directml_enabled = False
lowvram_available = True
in_training = training_fp8_bwd = False
WINDOWS = sys.platform == "win32"
XFORMERS_IS_AVAILABLE = XFORMERS_ENABLED_VAE = False
XFORMERS_VERSION = ""
ENABLE_PYTORCH_ATTENTION = True
SUPPORT_FP8_OPS = False
PRIORITIZE_FP16 = False
FORCE_FP32 = bool(args.force_fp32)
DISABLE_SMART_MEMORY = bool(args.disable_smart_memory)
MIN_WEIGHT_MEMORY_RATIO = 0.0 if cpu_state is CPUState.GPU else 0.4
EXTRA_RESERVED_VRAM = 400 * MIB if args.reserve_vram is None else int(args.reserve_vram * GIB)
NUM_STREAMS = 0
OOM_EXCEPTION = torch.OutOfMemoryError
FLOAT8_TYPES = [
    getattr(torch, name)
    for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
    if hasattr(torch, name)
]
