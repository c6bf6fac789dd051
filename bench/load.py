"""What loading a checkpoint costs in memory and time: a random file of SD1.5's layout and size, in a fresh process.

    python bench/load.py  # prints the table; exit code 1 if a figure is above its limit

Memory is what the process grew by at its peak (VmHWM, mapped pages of the file included) until every byte of every
weight has been used once; time is compared with reading the file into memory, from the disk and from the page cache. Beside
it stands what reading through one small buffer takes, which nobody could compute with: the least that is possible. The
process is as a worker is when it takes its first job: the libraries are imported, and the collector passes over them. The
file lies in a temporary folder.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diffusion.checkpoints.families.sd1 import KIND, to_original_keys
from diffusion.checkpoints.load import Checkpoint, load_checkpoint
from diffusion.checkpoints.networks.clip_text import TextSizes, build_text
from diffusion.checkpoints.networks.kl_vae import VaeSizes, build_vae
from diffusion.checkpoints.networks.unet import UnetSizes, build_unet

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
BUILT_IN = ROOT / "models/checkpoints/weft-demo.safetensors"
MEMORY_LIMIT = 1.10  # peak memory over the size of the file
TIME_LIMIT = 1.5  # until every weight was used, over reading the file
RUNS = 3  # the fastest counts
BLOCK_BYTES = 16 * 1024**2
GIB = 1024**3


@dataclass(frozen=True)
class Measured:
    """What one process saw: bytes that it grew by, and seconds until handles and until every weight was used."""

    peak_bytes: int
    load_s: float
    use_s: float


@dataclass(frozen=True)
class Compared:
    """Loading a file beside reading it."""

    file_bytes: int
    through_s: float
    read_s: float
    load: Measured

    @property
    def memory_ratio(self) -> float:
        """Peak memory over the size of the file."""
        return self.load.peak_bytes / self.file_bytes

    @property
    def time_ratio(self) -> float:
        """Time until every weight was used over reading."""
        return (self.load.load_s + self.load.use_s) / self.read_s


def sd15_shapes() -> Mapping[str, tuple[int, ...]]:
    """Return the names and shapes of a Stable Diffusion 1.5 checkpoint."""
    with torch.device("meta"):
        unet = build_unet(UnetSizes(4, 4, (320, 640, 1280, 1280), (1, 1, 1, 0), 1, 2, 768), KIND)
        vae = build_vae(VaeSizes((128, 256, 512, 512), 2, 4))
        text = build_text(TextSizes(49_408, 77, 768, 3072, 12))
    state = to_original_keys(unet.state_dict(), vae.state_dict(), text.state_dict())
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def write_random(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Write a float16 safetensors file block by block, so that this process stays small."""
    header, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * torch.Size(shape).numel()
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    block = torch.randn(BLOCK_BYTES // 2).mul(0.02).half().view(torch.uint8).numpy().tobytes()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for start in range(0, end, BLOCK_BYTES):
            file.write(block[: min(BLOCK_BYTES, end - start)])


def read_through(path: Path) -> float:
    """Return the seconds that passing the file through one buffer takes."""
    buffer = bytearray(BLOCK_BYTES)
    start = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.perf_counter() - start


def read_whole(path: Path) -> float:
    """Return the seconds that reading the file into memory takes."""
    start = time.perf_counter()
    path.read_bytes()
    return time.perf_counter() - start


def measure_here(path: Path) -> Measured:
    """Load the file in this process and use every weight."""
    load_checkpoint(BUILT_IN)
    gc.collect()
    gc.freeze()
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far (Linux)
    before = memory_bytes("VmRSS")
    start = time.perf_counter()
    checkpoint = load_checkpoint(path)
    loaded = time.perf_counter()
    for module in networks(checkpoint):
        for parameter in module.parameters():
            parameter.view(torch.int16).max()
    return Measured(memory_bytes("VmHWM") - before, loaded - start, time.perf_counter() - loaded)


def networks(checkpoint: Checkpoint) -> Iterator[nn.Module]:
    """Return the modules behind the handles."""
    yield from (checkpoint.model.backbone, checkpoint.clip.encoder, checkpoint.vae.autoencoder)


def memory_bytes(name: str) -> int:
    """Return a line of /proc/self/status in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) * 1024


def measure(path: Path) -> Measured:
    """Measure in a fresh process."""
    command = [sys.executable, __file__, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Measured(**json.loads(output.splitlines()[-1]))


def forget(path: Path) -> None:
    """Let the system drop the pages of a file that it keeps in memory."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def compare(path: Path, prepare: Callable[[Path], None]) -> Compared:
    """Read and load the file, each after the same preparation; the fastest of some runs each."""

    def prepared(work: Callable[[Path], T]) -> list[T]:
        found = []
        for _ in range(RUNS):
            prepare(path)
            found.append(work(path))
        return found

    fastest = min(prepared(measure), key=lambda load: load.load_s + load.use_s)
    return Compared(path.stat().st_size, min(prepared(read_through)), min(prepared(read_whole)), fastest)


def main() -> int:
    """Measure, print, judge."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.safetensors"
        write_random(path, sd15_shapes())
        found = {"the disk": compare(path, forget), "the page cache": compare(path, lambda path: None)}
    table = Table(
        "from", "peak / file", "through a buffer", "into memory", "handles", "all used", "all used / into memory"
    )
    for name, each in found.items():
        table.add_row(
            name,
            f"{each.memory_ratio:.3f}",
            f"{each.through_s:.2f} s",
            f"{each.read_s:.2f} s",
            f"{each.load.load_s:.2f} s",
            f"{each.load.load_s + each.load.use_s:.2f} s",
            f"{each.time_ratio:.2f}",
        )
    console = Console(width=110)
    console.print(table)
    size = found["the disk"].file_bytes / GIB
    limits = f"limits {MEMORY_LIMIT} for the memory, {TIME_LIMIT} for the time"
    console.print(f"{size:.2f} GiB; {limits}; torch {torch.__version__}")
    return int(any(each.memory_ratio > MEMORY_LIMIT or each.time_ratio > TIME_LIMIT for each in found.values()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(asdict(measure_here(Path(sys.argv[1])))))
    else:
        raise SystemExit(main())
