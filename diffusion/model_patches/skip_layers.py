"""Skip-layer guidance for transformers: away from what the network gives without some of its layers (Stability AI, SD3.5).

Layers are those over picture and text apart (`double`) and over both in one row (`single`), by number; numbers that a network
does not have are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from diffusion.patches import Guess, Hook, Remove

DOUBLE = ("transformer_blocks", "joint_transformer_blocks")  # names in diffusers' networks
SINGLE = ("single_transformer_blocks",)
NEGATIVE = 1


@dataclass(frozen=True)
class SkippedLayers:
    """Lets what goes into some layers come out of them unchanged; they are not computed."""

    double: tuple[int, ...] = ()
    single: tuple[int, ...] = ()

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Skip the layers."""
        chosen = (*_chosen(backbone, DOUBLE, self.double), *_chosen(backbone, SINGLE, self.single))
        return [_skip(block) for block in chosen]


@dataclass(frozen=True)
class Span:
    """Noise levels from the first to the last, which is lower."""

    first: float
    last: float

    def has(self, sigma: Tensor) -> bool:
        """Return whether a step's level lies between both."""
        return self.last <= float(sigma[0]) <= self.first


@dataclass(frozen=True)
class SkipLayerGuidance:
    """Adds scale times the difference that the layers make to the positive prediction.

    rescaling: how far the spread of the result is brought back to that of the positive prediction, 0..1 and beyond.
    """

    layers: SkippedLayers
    scale: float
    span: Span
    rescaling: float = 0.0
    needs_uncond: bool = False

    def watch(self) -> Hook | None:
        """Return nothing: the main call is left alone."""
        return None

    def refine(self, guess: Guess, denoised: Tensor, watched: Any) -> Tensor:
        """Return the guided latent, pushed away from the prediction without the layers."""
        if self.scale <= 0.0 or not self.span.has(guess.sigma):
            return denoised
        pushed = denoised + (guess.cond - guess.predict(0, hooks=(self.layers,))) * self.scale
        if self.rescaling == 0.0:
            return pushed
        return pushed * (self.rescaling * guess.cond.std() / pushed.std() + (1.0 - self.rescaling))


@dataclass(frozen=True)
class SkippedNegative:
    """Leaves the layers out of the negative prediction."""

    layers: SkippedLayers
    span: Span

    def hooks(self, side: int, sigma: Tensor) -> Sequence[Hook]:
        """Return the skipping for the negative side, within the noise levels."""
        return (self.layers,) if side == NEGATIVE and self.span.has(sigma) else ()


def _chosen(backbone: nn.Module, lists: Sequence[str], numbers: Sequence[int]) -> Iterator[nn.Module]:
    for name in lists:
        blocks: Mapping[str, nn.Module] = dict(getattr(backbone, name, nn.ModuleList()).named_children())
        yield from (blocks[str(number)] for number in dict.fromkeys(numbers) if str(number) in blocks)


def _skip(block: nn.Module) -> Remove:
    """Replace what a block computes; return what puts it back. Hooks on the block stay in place."""
    before = vars(block).get("forward")
    block.forward = _unchanged

    def remove() -> None:
        del block.forward
        if before is not None:
            block.forward = before

    return remove


def _unchanged(
    hidden_states: Tensor, encoder_hidden_states: Tensor | None = None, *args: Any, **given: Any
) -> Tensor | tuple[Tensor, Tensor]:
    """Return a block's input as diffusers' blocks return their output: the text first, if it goes apart."""
    return hidden_states if encoder_hidden_states is None else (encoder_hidden_states, hidden_states)
