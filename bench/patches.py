"""What patches cost: a call of a model with a LoRA on every layer over a plain call, and the bytes that are kept beside it.

    python bench/patches.py  # prints the table; exit code 1 if a ratio is above its limit

Calls of both kinds alternate and the fastest of each counts, so that other work on the machine weighs little. Pairs are added
until the ratio is within its limit, or there were enough. "Packed" calls unpack 8 bits layer by layer, which has a price.
"""

from __future__ import annotations

import copy
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diffusers import UNet2DConditionModel

from diffusion.latents import LatentFormat
from diffusion.lora.changes import Additive, LowRank
from diffusion.models import Model
from diffusion.overlay import WeightPatch
from diffusion.parameterization import Parameterization
from diffusion.quantize import Precision, pack

LEAST_PAIRS, MOST_PAIRS = 5, 30
RANK = 8


@dataclass(frozen=True)
class Result:
    """The fastest calls of a plain and of another model, in seconds, and the bytes of both's weights."""

    name: str
    limit: float
    plain_s: float
    other_s: float
    kept_bytes: int

    @property
    def ratio(self) -> float:
        """How much longer the other call takes."""
        return self.other_s / self.plain_s


def build_model() -> Model:
    """Return an SD1-shaped U-Net of 20 million parameters with random weights."""
    torch.manual_seed(0)
    backbone = UNet2DConditionModel(
        block_out_channels=(64, 128, 192, 192), layers_per_block=2, cross_attention_dim=768, attention_head_dim=8
    )
    return Model(backbone.eval().requires_grad_(False), Parameterization(), LatentFormat())


def with_lora(model: Model) -> Model:
    """Return the model with a LoRA on every matrix and kernel."""
    changes = {}
    for name, weight in model.backbone.named_parameters():
        if weight.ndim > 1:
            rows, columns = weight.flatten(1).shape
            changes[name] = Additive(LowRank(torch.randn(rows, RANK) * 0.01, torch.randn(RANK, columns)), 1 / RANK)
    return model.with_patch(WeightPatch(changes, digest="bench"))


def packed(model: Model) -> Model:
    """Return the model with its weights in 8 bits."""
    backbone = pack(copy.deepcopy(model.backbone), Precision(torch.float8_e4m3fn, torch.float32))
    return Model(backbone, model.parameterization, model.latent_format, computed=torch.float32)


@torch.no_grad()
def seconds(model: Model) -> float:
    """Return how long one call takes."""
    x, context = torch.zeros(2, 4, 32, 32), torch.zeros(2, 77, 768)
    start = time.perf_counter()
    model.apply(x, torch.tensor([500.0, 500.0]), context)
    return time.perf_counter() - start


def measure(name: str, plain: Model, other: Model, limit: float) -> Result:
    """Alternate both kinds of call; keep the fastest of each."""
    for model in (plain, other):
        seconds(model)
    plain_s = other_s = float("inf")
    for pair in range(1, MOST_PAIRS + 1):
        plain_s, other_s = min(plain_s, seconds(plain)), min(other_s, seconds(other))
        if pair >= LEAST_PAIRS and other_s / plain_s <= limit:
            break
    weights = sum(parameter.nbytes for parameter in other.backbone.parameters())
    beside = other.overlay.nbytes + (0 if other.backbone is plain.backbone else weights)
    return Result(name, limit, plain_s, other_s, beside)


def main() -> int:
    """Measure, print, judge."""
    plain = build_model()
    weights = sum(parameter.nbytes for parameter in plain.backbone.parameters())
    results = [
        measure(f"LoRA on {len(with_lora(plain).overlay.names)} tensors", plain, with_lora(plain), 1.03),
        measure("packed in 8 bits", plain, packed(plain), 2.0),
    ]
    table = Table("", "plain call", "its call", "ratio", "limit", "bytes kept", "of plain weights")
    for result in results:
        table.add_row(
            result.name,
            f"{result.plain_s * 1000:.1f} ms",
            f"{result.other_s * 1000:.1f} ms",
            f"{result.ratio:.4f}",
            f"{result.limit}",
            f"{result.kept_bytes:,}",
            f"{result.kept_bytes / weights:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    return int(any(result.ratio > result.limit for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
