"""What streaming weights to a graphics card gives: the same bytes as resident weights, and copies while it computes.

    python bench/gpu.py                           # U-Nets of the sizes of SD1.5 and SDXL, random weights, float16
    python bench/gpu.py --device cpu --size tiny  # the same on the processor, as a rehearsal; no limit on the overlap

Without a CUDA device it says so and ends with exit code 0; exit code 1 if a limit is missed. For each size: one pass with all
weights on the device, then passes under a budget of 40% of them, where blocks come from pinned memory in a stream of their
own. The overlap is the share of the time of copies in which kernels run too, from the profiler's timeline.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diffusers import UNet2DConditionModel

from diffusion.quantize import Resolved
from graph.ledger import Ledger
from graph.memory import show_bytes
from runtime.measuring import Measuring
from runtime.networks import Network
from runtime.ram import RamTier
from runtime.rehearsal import rehearsed_bytes
from runtime.residency import DeviceMemory
from runtime.transfer import CudaTransfer, PlainTransfer, Transfer
from runtime.workspace import Need, Workspaces

BUDGET_SHARE = 0.4  # of the weights, beside the workspace
WORKSPACE_LIMIT = 0.1  # by how much the remembered workspace may differ from the peak of a later pass
OVERLAP_LIMIT = 0.5  # share of the time of copies in which kernels run
PLENTY = 10**12
TIMED_PASSES = 3


@dataclass(frozen=True)
class Size:
    """A U-Net: diffusers' configuration, the latent, the prompt and what else its family is given."""

    name: str
    config: Mapping[str, Any]
    cells: int
    context: tuple[int, int]
    added: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


SIZES = {
    "tiny": Size(
        "tiny",
        {"block_out_channels": (32, 64, 64, 64), "cross_attention_dim": 64, "layers_per_block": 1},
        cells=16,
        context=(77, 64),
    ),
    "sd15": Size("SD1.5", {"cross_attention_dim": 768}, cells=64, context=(77, 768)),
    "sdxl": Size(
        "SDXL",
        {
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "transformer_layers_per_block": (1, 2, 10),
            "attention_head_dim": (5, 10, 20),
            "cross_attention_dim": 2048,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
        cells=128,
        context=(77, 2048),
        added={"text_embeds": (1280,), "time_ids": (6,)},
    ),
}


class Result(NamedTuple):
    """What was found for one size; times in seconds, a pass each."""

    name: str
    weights: int
    is_equal: bool
    is_within_budget: bool
    rehearsed: float  # over the peak of a pass, both without weights
    remembered: float
    resident_s: float
    streamed_s: float
    copied_s: float
    overlap: float


def build(size: Size, dtype: torch.dtype) -> nn.Module:
    """Return a U-Net with random weights of usual magnitudes, on the processor."""
    with torch.device("meta"):
        module: nn.Module = UNet2DConditionModel(**size.config)
    module.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        if parameter.ndim > 1:
            scale = parameter[0].numel() ** -0.5
            values = torch.randn(parameter.shape, generator=generator) * scale
        else:
            values = torch.ones(parameter.shape)
        parameter.data = values.to(dtype)
    module.eval().requires_grad_(False)
    return module


def call(module: nn.Module, size: Size, device: torch.device, dtype: torch.dtype) -> Callable[[], Tensor]:
    """Return one pass with both sides of the guidance."""
    generator = torch.Generator().manual_seed(1)

    def noise(*shape: int) -> Tensor:
        return torch.randn(2, *shape, generator=generator).to(device, dtype)

    x, context = noise(4, size.cells, size.cells), noise(*size.context)
    added = {name: noise(*shape) for name, shape in size.added.items()}
    times = torch.tensor([500.0, 500.0], device=device)

    @torch.no_grad()
    def run() -> Tensor:
        output: Tensor = module(
            x, times, encoder_hidden_states=context, added_cond_kwargs=added or None, return_dict=False
        )[0]
        return output

    return run


def open_memory(device: torch.device, budget: int) -> DeviceMemory:
    """Return a device with a budget and as much RAM below it as it may take."""
    is_cuda = device.type == "cuda"
    transfer: Transfer = CudaTransfer(device) if is_cuda else PlainTransfer(device, is_ahead=True)
    ram = RamTier(Ledger("RAM", PLENTY), is_pinned=is_cuda)
    return DeviceMemory(device, Ledger(str(device), budget), Workspaces(), transfer=transfer, ram=ram)


def synchronize(device: torch.device) -> None:
    """Wait until the device has nothing left to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Return how long the fastest of some calls takes."""
    times = []
    for _ in range(TIMED_PASSES):
        synchronize(device)
        start = time.perf_counter()
        work()
        synchronize(device)
        times.append(time.perf_counter() - start)
    return min(times)


class Kept:
    """A network in a memory, and its one pass."""

    def __init__(self, module: nn.Module, size: Size, memory: DeviceMemory, dtype: torch.dtype) -> None:
        self.memory = memory
        self.network: Network = memory.keep(module, "bench model", Resolved(dtype, dtype))
        self.work = call(module, size, memory.device, dtype)
        self._shape = (2, 4, size.cells, size.cells)

    def __call__(self) -> Tensor:
        """Do it."""
        return self.network.run("denoise", self._shape, self.work)

    @property
    def remembered_bytes(self) -> int:
        """The workspace that was left free in the last pass."""
        return [entry.nbytes for entry in self.memory.ledger.log if entry.action == "reserve"][-1]


def peak_bytes(kept: Kept) -> int:
    """Return what a pass takes beside weights, all of which lie on the device."""
    measured = Workspaces()
    need = Need("bench", "denoise", "", 1)
    with Measuring(kept.memory.device, kept.memory.ledger, measured).of(need):
        kept()
    return measured.estimate(need)


Interval = tuple[float, float]
EVENTS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {  # category and a part of the name: copies, computation
    "cuda": (("gpu_memcpy", "HtoD"), ("kernel", "")),
    "cpu": (("cpu_op", "aten::copy_"), ("cpu_op", "convolution")),
}


def timeline(work: Callable[[], object], device: torch.device) -> tuple[list[Interval], list[Interval]]:
    """Return when one pass copied and when it computed, in microseconds."""
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
    with profile(activities=activities) as profiler:
        work()
        synchronize(device)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    found = [
        [
            (float(event["ts"]), float(event["ts"]) + float(event["dur"]))
            for event in events
            if event.get("cat") == category and part in event.get("name", "") and "dur" in event
        ]
        for category, part in EVENTS[device.type]
    ]
    return found[0], found[1]


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same times as intervals that do not meet."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def length(intervals: Iterable[Interval]) -> float:
    """Return the time that intervals take together."""
    return sum(end - start for start, end in joined(intervals))


def overlap(copies: Sequence[Interval], kernels: Sequence[Interval]) -> float:
    """Return the share of the first in which something of the second goes on."""
    together = length(copies) + length(kernels) - length([*copies, *kernels])
    return together / length(copies) if copies else 0.0


def measure(size: Size, device: torch.device) -> Result:
    """Compare resident with streamed passes of one network."""
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    resident = Kept(build(size, dtype), size, open_memory(device, PLENTY), dtype)
    expected = resident().cpu()
    rehearsed = rehearsed_bytes(resident.network.plain, device, resident.work) or 0
    resident()
    peak, remembered = peak_bytes(resident), resident.remembered_bytes
    resident_s, weights = seconds(resident, device), resident.network.nbytes
    resident.memory.evict_all()
    budget = int(weights * BUDGET_SHARE) + remembered
    streamed = Kept(build(size, dtype), size, open_memory(device, budget), dtype)
    is_equal = all(torch.equal(streamed().cpu(), expected) for _ in range(3))
    streamed_s = seconds(streamed, device)
    copies, kernels = timeline(streamed, device)
    return Result(
        size.name,
        weights,
        is_equal,
        streamed.memory.ledger.peak_bytes <= budget,
        rehearsed / peak,
        remembered / peak,
        resident_s,
        streamed_s,
        length(copies) / 1e6,
        overlap(copies, kernels),
    )


def is_good(result: Result, device: torch.device) -> bool:
    """Return whether all limits are kept; the processor copies and computes in one thread."""
    is_overlapped = device.type != "cuda" or result.overlap >= OVERLAP_LIMIT
    is_remembered = abs(result.remembered - 1) <= WORKSPACE_LIMIT
    return result.is_equal and result.is_within_budget and is_remembered and is_overlapped


def show(results: Sequence[Result], device: torch.device) -> None:
    """Print a column for each size."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "processor"
    table = Table("what", *(result.name for result in results), "limit", title=f"{name}, torch {torch.__version__}")
    rows: list[tuple[str, Callable[[Result], str], str]] = [
        ("weights", lambda r: show_bytes(r.weights), ""),
        ("streamed equals resident, bit for bit", lambda r: "yes" if r.is_equal else "NO", "yes"),
        ("never over the budget", lambda r: "yes" if r.is_within_budget else "NO", "yes"),
        ("workspace remembered / peak", lambda r: f"{r.remembered:.3f}", f"1 ± {WORKSPACE_LIMIT}"),
        ("workspace rehearsed / peak", lambda r: f"{r.rehearsed:.3f}", ""),
        ("a pass, resident", lambda r: f"{r.resident_s * 1000:.1f} ms", ""),
        (f"a pass, streamed in {BUDGET_SHARE:.0%} of the weights", lambda r: f"{r.streamed_s * 1000:.1f} ms", ""),
        ("  copying in it", lambda r: f"{r.copied_s * 1000:.1f} ms", ""),
        (
            "  copying while kernels run",
            lambda r: f"{r.overlap:.0%}",
            f"{OVERLAP_LIMIT:.0%}" if device.type == "cuda" else "",
        ),
    ]
    for what, value, limit in rows:
        table.add_row(what, *map(value, results), limit)
    Console().print(table)


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description="Measure streaming on a device.")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--size", nargs="+", default=["sd15", "sdxl"], choices=sorted(SIZES))
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("No CUDA device is here, so nothing is measured; --device cpu --size tiny rehearses it.")
        return 0
    results = [measure(SIZES[name], device) for name in options.size]
    show(results, device)
    return int(not all(is_good(result, device) for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
