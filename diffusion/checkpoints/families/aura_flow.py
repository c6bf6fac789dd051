"""AuraFlow: a transformer over picture and text, first apart and then in one row; Pile-T5, and SDXL's latents (fal 2024)."""

from __future__ import annotations

from dataclasses import replace

from diffusion.aura_flow import AuraFlowAdapter
from diffusion.checkpoints.encoders.pile_t5xl import PILE_T5, pile_t5_reader
from diffusion.checkpoints.families.sdxl import LATENTS
from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.aura_mmdit import PATCH, aura_part, read_aura
from diffusion.checkpoints.signature import Required, Signature
from diffusion.parameterization import Parameterization

SHIFT = 1.73  # of its noise levels (its scheduler_config.json)
LEAST_TOKENS = 256  # (ComfyUI)

SIGNATURE = Signature(
    (
        Required(("double_layers.0.attn.w1q.weight",), ndim=2),
        Required(("cond_seq_linear.weight",), ndim=2),
        Required(("positional_encoding",), ndim=3),
        Required(("init_x_linear.weight",), ndim=2),
        Required(("register_tokens",), ndim=3),
    )
)


def read(header: Header, prefix: str) -> Backbone:
    """Read the transformer's sizes."""
    sizes = read_aura(header, prefix)
    return Backbone(
        aura_part(sizes, prefix),
        Parameterization("flow", shift=SHIFT),
        replace(LATENTS, channels=sizes.channels),
        AuraFlowAdapter(PATCH),
        context_width=sizes.context_width,
    )


TEXTS = Texts({PILE_T5: lambda weights: pile_t5_reader(weights, LEAST_TOKENS)})
FAMILY = Family("aura_flow", "AuraFlow", SIGNATURE, read, TEXTS, clip_types=("aura_flow",))
