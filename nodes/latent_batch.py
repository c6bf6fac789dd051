"""Operators on batches of latents."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from diffusion import latent_batches
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import MAX_RESOLUTION, Latent

Few = Annotated[int, Range(1, 64)]


@node(category="model/latent/batch", display_name="Batch Latents (DEPRECATED)", deprecated=True)
def LatentBatch(samples1: Latent, samples2: Latent) -> Latent:
    """Join two batches; the second is resized to the first."""
    return latent_batches.join(samples1, samples2)


@node(category="model/latent/batch", display_name="Get Latent From Batch")
def LatentFromBatch(
    samples: Latent, batch_index: Annotated[int, Range(-MAX_RESOLUTION, MAX_RESOLUTION)] = 0, length: Few = 1
) -> Latent:
    """Take some latents out of a batch; each keeps the noise that it had there.

    batch_index: 0 is the first, -1 the last.
    """
    return latent_batches.select(samples, batch_index, length)


@node(category="model/latent/batch", display_name="Repeat Latent Batch")
def RepeatLatentBatch(samples: Latent, amount: Few = 1) -> Latent:
    """Repeat a batch; each copy gets noise of its own."""
    return latent_batches.repeat(samples, amount)


@node(category="model/latent/batch", display_name="Rebatch Latents")
def RebatchLatents(latents: list[Latent], batch_size: Annotated[int, Range(1, 4096)] = 1) -> list[Latent]:
    """Regroup a list of latents into batches of one size."""
    return latent_batches.rebatch(latents, batch_size)


@node(category="model/latent/advanced")
def LatentBatchSeedBehavior(
    samples: Latent, seed_behavior: Annotated[str, Choice(("random", "fixed"))] = "fixed"
) -> Latent:
    """Let all latents of a batch get the same noise (fixed) or each its own (random)."""
    if seed_behavior == "fixed":
        return latent_batches.with_fixed_noise(samples)
    return replace(samples, batch_index=None)
