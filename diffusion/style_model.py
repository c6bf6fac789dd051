"""Flux Redux: what SigLIP sees in a picture as tokens of a prompt.

    style = load_style_model(path)
    conditioning = apply_style(conditioning, style, seen, strength=0.8)

Black Forest Labs (2024), FLUX.1 Redux: two linear layers around a SiLU, from SigLIP's vectors to T5's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from diffusion.checkpoints.alone import load_alone
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep
from diffusion.clip_vision import VisionOutput
from diffusion.conditioning import Conditioning
from diffusion.errors import CheckpointError, DiffusionError
from diffusion.handles import device_of, dtype_of
from diffusion.quantize import Precision
from diffusion.streaming import Keeper, kept

UP, DOWN = "redux_up.weight", "redux_down.weight"
STRENGTH_TYPES = ("multiply", "attn_bias")
PLAIN = Precision()


class Redux(nn.Module):
    """The network: (batch, patches, width) to (batch, patches, width of a prompt)."""

    def __init__(self, width: int, inner: int, context: int) -> None:
        super().__init__()
        self.redux_up = nn.Linear(width, inner)
        self.redux_down = nn.Linear(inner, context)

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens."""
        tokens: Tensor = self.redux_down(functional.silu(self.redux_up(x)))
        return tokens


@dataclass(frozen=True)
class StyleModel:
    """A network that makes tokens of what was seen; width: of what it takes."""

    network: nn.Module
    width: int
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None

    @torch.no_grad()
    def tokens(self, seen: VisionOutput) -> Tensor:
        """Return the tokens (1, tokens, width) of all pictures, one behind the other, float32 on the CPU."""
        given = seen.last_hidden_state
        if given.shape[-1] != self.width:
            raise DiffusionError(
                f"This style model takes vectors {self.width} wide, the CLIP vision network gave {given.shape[-1]}; "
                "encode the picture with the network that the style model was made for (SigLIP for Redux)."
            )
        dtype = self.computed or dtype_of(self.keeper, self.network)

        def work() -> Tensor:
            made: Tensor = self.network(given.to(device_of(self.keeper, self.network), dtype))
            return made

        return kept(self.keeper, "encode image", given.shape, work).float().cpu().flatten(0, 1).unsqueeze(0)


def apply_style(
    conditioning: Conditioning, style: StyleModel, seen: VisionOutput, strength: float, *, is_bias: bool = False
) -> Conditioning:
    """Put the tokens of pictures behind those of every prompt. is_bias: strength is of the attention, not of the tokens."""
    if is_bias and strength != 1.0:
        raise DiffusionError(
            "A style model's strength as a bias of attention is not supported; take multiply, or a strength of 1."
        )
    tokens = style.tokens(seen) * strength
    if any(cond.embedding.shape[-1] != tokens.shape[-1] for cond in conditioning):
        raise DiffusionError(
            f"This style model makes tokens {tokens.shape[-1]} wide, which is not what the prompt has; it is for Flux."
        )
    return tuple(
        replace(
            cond,
            embedding=torch.cat((cond.embedding, tokens.to(cond.embedding).expand(len(cond.embedding), -1, -1)), dim=1),
        )
        for cond in conditioning
    )


def load_style_model(
    path: Path,
    *,
    precision: Precision = PLAIN,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> StyleModel:
    """Load a style model; keep: as load_checkpoint has it."""
    weights = open_any(path)
    width, part = read_style(weights.header)
    loaded = load_alone(weights, part, "style", precision, device=device, keep=keep)
    return StyleModel(loaded.module, width, loaded.digest, precision.computed, loaded.keeper)


def read_style(header: Header) -> tuple[int, Part]:
    """Return the width of what a file's network takes, and the network; CheckpointError if none is known."""
    up, down = header.shape(UP), header.shape(DOWN)
    if up is None or down is None:
        kind = (
            " It looks like a T2I style adapter, which is not supported." if "style_embedding" in header.tensors else ""
        )
        raise CheckpointError(f"{header.path.name}: no style model that is known (Flux Redux) is in this file.{kind}")
    inner, width = up
    return width, Part(
        lambda: Redux(width, inner, down[0]), lambda module: {name: name for name in module.state_dict()}
    )
