"""Seconds a step against diffusers' pipelines, on the same random weights in the layouts of Stable Diffusion 1.5 and XL.

    python bench/pipelines.py  # prints the table; exit code 1 if a ratio is above the limit

Both call the same U-Net, one after the other in one process; the fastest run of each kind counts. Pairs are added until the
ratio is within the limit, or there were enough. The limit of what is possible is the U-Net alone, called as often.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

from diffusion.adapters import Adapter, SizedUNetAdapter, UNetAdapter
from diffusion.conditioning import Cond
from diffusion.latents import Latent, LatentFormat
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from diffusion.sampling import sample

LIMIT = 1.0
STEPS = 4
CFG = 7.0
CELLS = 32  # 256 x 256 pixels
LEAST_PAIRS, MOST_PAIRS = 2, 6
TOKENS = 77
SCALE = 0.02  # of the random weights: small enough that nothing overflows
SCHEDULE: Mapping[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}
SD15: Mapping[str, Any] = {"cross_attention_dim": 768, "attention_head_dim": 8}
SDXL: Mapping[str, Any] = {
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
}


@dataclass(frozen=True)
class Family:
    """What to compare: a U-Net, diffusers' pipeline around it, and our adapter for it. pooled: width of pooled prompts."""

    title: str
    config: Mapping[str, Any]
    pipeline: Any
    adapter: Adapter
    pooled: int | None = None


@dataclass(frozen=True)
class Result:
    """The fastest times of whole runs, in seconds."""

    title: str
    ours_s: float
    theirs_s: float
    bare_s: float
    pairs: int

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours_s / self.theirs_s


FAMILIES = (
    Family("SD1.5", SD15, StableDiffusionPipeline, UNetAdapter()),
    Family("SDXL", SDXL, StableDiffusionXLPipeline, SizedUNetAdapter(), pooled=1280),
)


def random_unet(config: Mapping[str, Any]) -> nn.Module:
    """Return a U-Net with random weights, float32."""
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel(**config)
    unet = unet.to_empty(device="cpu").eval().requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    for parameter in unet.parameters():
        parameter.uniform_(-SCALE, SCALE, generator=generator)
    return unet  # type: ignore[no-any-return]


def theirs(family: Family, unet: Any, prompts: tuple[Cond, Cond]) -> Callable[[], object]:
    """Return a run of diffusers' pipeline from noise to latents."""
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    parts: dict[str, Any] = dict.fromkeys(("text_encoder", "tokenizer", "feature_extractor"))
    parts |= {"vae": vae, "unet": unet, "scheduler": EulerDiscreteScheduler(**SCHEDULE)}
    if family.pooled is None:
        pipe = family.pipeline(**parts, safety_checker=None, requires_safety_checker=False)
    else:
        pipe = family.pipeline(**parts, text_encoder_2=None, tokenizer_2=None, force_zeros_for_empty_prompt=False)
    pipe.set_progress_bar_config(disable=True)
    given = {"prompt_embeds": prompts[0].embedding, "negative_prompt_embeds": prompts[1].embedding}
    if family.pooled is not None:
        given |= {"pooled_prompt_embeds": prompts[0].pooled, "negative_pooled_prompt_embeds": prompts[1].pooled}
    side = CELLS * pipe.vae_scale_factor
    size = {"height": side, "width": side, "num_inference_steps": STEPS, "guidance_scale": CFG, "output_type": "latent"}
    return lambda: pipe(**given, **size, generator=torch.Generator().manual_seed(0))


def ours(family: Family, unet: nn.Module, prompts: tuple[Cond, Cond]) -> Callable[[], object]:
    """Return a run of the sampler on the same U-Net."""
    model = Model(unet, Parameterization(), LatentFormat(), adapter=family.adapter)
    settings = {"seed": 0, "steps": STEPS, "cfg": CFG, "sampler_name": "euler", "scheduler": "normal"}
    latent = Latent(torch.zeros(1, 4, CELLS, CELLS))
    return lambda: sample(model, prompts[:1], prompts[1:], latent, **settings)


def bare(family: Family, unet: Any) -> Callable[[], object]:
    """Return the calls of the U-Net that both make, and nothing else."""
    x, context = torch.randn(2, 4, CELLS, CELLS), torch.randn(2, TOKENS, family.config["cross_attention_dim"])
    given: dict[str, Tensor] = {}
    if family.pooled is not None:
        given = {"text_embeds": torch.randn(2, family.pooled), "time_ids": torch.ones(2, 6)}

    @torch.no_grad()
    def run() -> None:
        for _ in range(STEPS):
            unet(x, 500.0, encoder_hidden_states=context, added_cond_kwargs=given, return_dict=False)

    return run


def seconds(run: Callable[[], object]) -> float:
    """Return how long one run takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(family: Family) -> Result:
    """Alternate all kinds of run; keep the fastest of each."""
    unet = random_unet(family.config)
    width = family.config["cross_attention_dim"]
    pooled = None if family.pooled is None else torch.randn(1, family.pooled)
    prompts = Cond(torch.randn(1, TOKENS, width), pooled), Cond(torch.randn(1, TOKENS, width), pooled)
    runs = ours(family, unet, prompts), theirs(family, unet, prompts), bare(family, unet)
    runs[2]()
    fastest = [float("inf")] * len(runs)
    for pair in range(1, MOST_PAIRS + 1):
        fastest = [min(before, seconds(run)) for before, run in zip(fastest, runs, strict=True)]
        if pair >= LEAST_PAIRS and fastest[0] / fastest[1] <= LIMIT:
            break
    return Result(family.title, *fastest, pair)


def main() -> int:
    """Measure, print, judge."""
    results = [measure(family) for family in FAMILIES]
    table = Table("layout", "a step here", "diffusers' pipeline", "the U-Net alone", "ratio", "limit", "pairs")
    for result in results:
        each = [f"{total / STEPS:.3f} s" for total in (result.ours_s, result.theirs_s, result.bare_s)]
        table.add_row(result.title, *each, f"{result.ratio:.4f}", f"{LIMIT:g}", str(result.pairs))
    console = Console()
    console.print(table)
    threads = f"{torch.get_num_threads()} threads, torch {torch.__version__}"
    console.print(f"{CELLS * 8} pixels square, {STEPS} steps, both sides of the guidance, float32; {threads}")
    return int(any(result.ratio > LIMIT for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
