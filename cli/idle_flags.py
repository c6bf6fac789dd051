"""ComfyUI's launch flags that change nothing in Weft, each with the reason; the server says so and starts.

IDLE_FLAGS[0].name, IDLE_FLAGS[0].why  # "cuda-malloc", "torch's allocator is used as it is"
"""

from __future__ import annotations

from typing import NamedTuple

_ATTENTION = "torch's scaled dot-product attention is used, which chooses its own kernel"
_COPIES = "weights are streamed ahead in a stream of their own wherever the device can"
_PLANNED = "memory is planned from what the workflow needs"
_MANAGER = "there is no manager; packs are installed by hand"
_DEVICE = "CPU, CUDA and MPS are the devices that are known"
_KITCHEN = "no kernels of comfy-kitchen are used"
_ASSETS = "there is no assets database; files are found in their folders"


class IdleFlag(NamedTuple):
    """A flag without effect. `values`: argparse's nargs, 0 for a switch."""

    name: str
    why: str
    values: int | str | None = 0
    metavar: str | None = None


IDLE_FLAGS: tuple[IdleFlag, ...] = (
    IdleFlag("cuda-malloc", "torch's allocator is used as it is"),
    IdleFlag("disable-cuda-malloc", "torch's allocator is used as it is"),
    IdleFlag("fp64-unet", "networks are kept in 32 bits at most"),
    IdleFlag("fp8_e8m0fnu-unet", "this format holds powers of two only and is no storage of weights"),
    IdleFlag("fp16-intermediates", "what nodes hand on stays in float32"),
    IdleFlag("force-channels-last", "the layout of tensors is torch's default"),
    IdleFlag("directml", _DEVICE, "?", "DEVICE"),
    IdleFlag("oneapi-device-selector", _DEVICE, None, "SELECTOR"),
    IdleFlag("supports-fp8-compute", "8-bit weights are unpacked before they are computed with"),
    IdleFlag("enable-triton-backend", _KITCHEN),
    IdleFlag("disable-triton-backend", _KITCHEN),
    IdleFlag("use-split-cross-attention", _ATTENTION),
    IdleFlag("use-quad-cross-attention", _ATTENTION),
    IdleFlag("use-pytorch-cross-attention", "this is what is used"),
    IdleFlag("use-sage-attention", _ATTENTION),
    IdleFlag("use-flash-attention", _ATTENTION),
    IdleFlag("use-ck-attention", _ATTENTION),
    IdleFlag("disable-xformers", "xformers is not used"),
    IdleFlag("force-upcast-attention", _ATTENTION),
    IdleFlag("dont-upcast-attention", _ATTENTION),
    IdleFlag("enable-manager", _MANAGER),
    IdleFlag("disable-manager-ui", _MANAGER),
    IdleFlag("enable-manager-legacy-ui", _MANAGER),
    IdleFlag("vram-headroom", "--reserve-vram leaves memory free", None, "GB"),
    IdleFlag("disable-nvml-pressure", _PLANNED),
    IdleFlag("async-offload", _COPIES, "?", "STREAMS"),
    IdleFlag("disable-async-offload", _COPIES),
    IdleFlag("disable-dynamic-vram", _PLANNED),
    IdleFlag("enable-dynamic-vram", _PLANNED),
    IdleFlag("fast-disk", "weights are mapped from their files anyway"),
    IdleFlag("disable-cuda-graphs", "CUDA graphs are not used"),
    IdleFlag("force-non-blocking", _COPIES),
    IdleFlag("default-hashing-function", "equal uploads are found by their bytes", None, "NAME"),
    IdleFlag("disable-smart-memory", f"{_PLANNED}; --lowvram lets go of models early"),
    IdleFlag("deterministic", "torch's default algorithms are used"),
    IdleFlag("fast", "there are no optimisations that cost quality", "*", "NAME"),
    IdleFlag("debug-hang", "the worker may be ended at any time without ending the server"),
    IdleFlag("disable-pinned-memory", _COPIES),
    IdleFlag("mmap-torch-files", "pickled checkpoints are not read"),
    IdleFlag("disable-mmap", "weights are always mapped from their files"),
    IdleFlag("disable-api-nodes", "there are no API nodes, and nothing is ever sent out"),
    IdleFlag(
        "front-end-version", "no front end is downloaded; --front-end comfyui serves an installed one", None, "VERSION"
    ),
    IdleFlag("comfy-api-base", "there are no API nodes, and nothing is ever sent out", None, "URL"),
    IdleFlag("database-url", "the queue and the history lie in the user folder", None, "URL"),
    IdleFlag("enable-assets", _ASSETS),
    IdleFlag("enable-asset-hashing", _ASSETS),
)
