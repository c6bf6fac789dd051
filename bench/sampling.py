"""What sampling costs beyond the network: sample() over the bare backbone calls alone, with the same batches.

    python bench/sampling.py  # prints the table; exit code 1 if a ratio is above the limit

Runs of both kinds alternate and the fastest of each kind counts, so that other work on the machine weighs little. Pairs are
added until the ratio is within the limit, or there were enough.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diffusers import UNet2DConditionModel

from diffusion.conditioning import Cond
from diffusion.denoiser import Step
from diffusion.latents import Latent, LatentFormat
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from diffusion.preview import preview
from diffusion.sampling import sample

LIMIT = 1.03
STEPS = 20
LEAST_PAIRS = 3
MOST_PAIRS = 12
LEAST_CALL_S = 0.05  # a call of the backbone must cost this much, or the ratio says nothing about real models


@dataclass(frozen=True)
class Case:
    """A picture size and how many at once."""

    batch: int
    cells: int
    cfg: float = 7.0

    @property
    def model_batch(self) -> int:
        """Entries in one call of the backbone: both sides of the guidance."""
        return self.batch * (1 if self.cfg == 1.0 else 2)


@dataclass(frozen=True)
class Result:
    """The fastest times of both kinds, in seconds."""

    case: Case
    sample_s: float
    bare_s: float
    pairs: int

    @property
    def ratio(self) -> float:
        """How much longer sampling takes than the network alone."""
        return self.sample_s / self.bare_s


def build_model() -> Model:
    """Return an SD1-shaped U-Net of 20 million parameters with random weights."""
    torch.manual_seed(0)
    backbone = UNet2DConditionModel(
        block_out_channels=(64, 128, 192, 192), layers_per_block=2, cross_attention_dim=768, attention_head_dim=8
    )
    return Model(backbone.eval().requires_grad_(False), Parameterization(), LatentFormat())


def bare_run(model: Model, case: Case) -> Callable[[], None]:
    """Return the calls of the backbone that `sample` makes, and nothing else."""
    x = torch.randn(case.model_batch, 4, case.cells, case.cells)
    context = torch.randn(case.model_batch, 77, 768)
    timestep = torch.full((case.model_batch,), 500.0)

    @torch.no_grad()
    def run() -> None:
        for _ in range(STEPS):
            model.backbone(x, timestep, encoder_hidden_states=context)

    return run


def sample_run(model: Model, case: Case) -> Callable[[], None]:
    """Return a whole KSampler run with euler and previews."""
    latent = Latent(torch.zeros(case.batch, 4, case.cells, case.cells))
    positive, negative = (Cond(torch.randn(1, 77, 768)),), (Cond(torch.randn(1, 77, 768)),)
    settings = {"seed": 0, "steps": STEPS, "cfg": case.cfg, "sampler_name": "euler", "scheduler": "normal"}

    def show(step: Step) -> None:
        preview(step.denoised, model.latent_format)

    def run() -> None:
        sample(model, positive, negative, latent, **settings, callback=show)

    return run


def seconds(run: Callable[[], None]) -> float:
    """Return how long one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(model: Model, case: Case) -> Result:
    """Alternate both kinds of run; keep the fastest of each."""
    runs = bare_run(model, case), sample_run(model, case)
    for run in runs:
        run()
    bare_s = sample_s = float("inf")
    for pair in range(1, MOST_PAIRS + 1):
        bare_s, sample_s = min(bare_s, seconds(runs[0])), min(sample_s, seconds(runs[1]))
        if pair >= LEAST_PAIRS and sample_s / bare_s <= LIMIT:
            break
    return Result(case, sample_s, bare_s, pair)


def main() -> int:
    """Measure, print, judge."""
    model = build_model()
    results = [measure(model, case) for case in (Case(batch=1, cells=32), Case(batch=2, cells=24, cfg=1.0))]
    table = Table("batch", "cells", "cfg", "a call", f"{STEPS} calls alone", "sample()", "ratio", "pairs")
    for result in results:
        case = result.case
        table.add_row(
            str(case.batch),
            f"{case.cells} x {case.cells}",
            f"{case.cfg:g}",
            f"{result.bare_s / STEPS * 1000:.0f} ms",
            f"{result.bare_s:.3f} s",
            f"{result.sample_s:.3f} s",
            f"{result.ratio:.4f}",
            str(result.pairs),
        )
    console = Console()
    console.print(table)
    console.print(f"limit {LIMIT}; {torch.get_num_threads()} threads, torch {torch.__version__}")
    if any(result.bare_s / STEPS < LEAST_CALL_S for result in results):
        console.print(f"A call is shorter than {LEAST_CALL_S * 1000:.0f} ms here; choose a larger case.")
    return int(any(result.ratio > LIMIT for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
