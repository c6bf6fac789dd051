"""`nodes.common_ksampler`: sampling as packs call it, with values in their shapes."""

from __future__ import annotations

from typing import Any

from compat.borrowed_run import BorrowedRun
from compat.interruption import InterruptProcessingException
from compat.shims.finder import lent
from compat.wires import from_pack, to_pack
from diffusion.sampling import sample
from graph.errors import Cancelled
from nodes.sampling import show_steps


def common_ksampler(
    model: Any,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent: Any,
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
) -> tuple[Any]:
    """Return the denoised latent, in a tuple; what else the given latent holds stays in it."""
    handle = from_pack("MODEL", model)
    try:
        sampled = sample(
            handle,
            from_pack("CONDITIONING", positive),
            from_pack("CONDITIONING", negative),
            from_pack("LATENT", latent),
            seed=seed,
            steps=steps,
            cfg=cfg,
            sampler_name=sampler_name,
            scheduler=scheduler,
            denoise=denoise,
            disable_noise=disable_noise,
            start_step=start_step,
            last_step=last_step,
            force_full_denoise=force_full_denoise,
            callback=show_steps(BorrowedRun(lent()), handle),
        )
    except Cancelled as error:
        raise InterruptProcessingException from error
    result = to_pack("LATENT", sampled)
    return ({**latent, **result} if isinstance(latent, dict) and isinstance(result, dict) else result,)
