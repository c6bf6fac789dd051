"""Patches of how a model is used, carried by its handle: other guidance, steps after guidance, looks into the network.

    model = model.with_refinement(PerturbedAttention(scale=3.0))

A patch is a frozen value. It sees a step of guidance (Guess) and may ask for further predictions; hooks are put into the
network for the time of one call and taken out again, so handles that share a network do not disturb each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from torch import Tensor, nn

from diffusion.conditioning import Conditioning
from diffusion.parameterization import Parameterization

if TYPE_CHECKING:
    from diffusion.models import Model
    from diffusion.sampling import Sampling

Remove = Callable[[], None]


class Hook(Protocol):
    """A look into a network, or a change of what goes through it, during one call."""

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Put it into the network; return what takes it out again.

        sides: which side of the guidance (0 positive, 1 negative) each part of the batch is for, in order.
        """
        ...


class Companion(Protocol):
    """A network that goes along with the model's in each of its calls."""

    def hook(self, x: Tensor, jobs: int) -> Hook:
        """Return what acts in one call, for scaled latents x (jobs * batch, …)."""
        ...


class Guess(Protocol):
    """One step of guidance: what was predicted, and the means to predict more."""

    @property
    def model(self) -> Model:
        """The model."""
        ...

    @property
    def x(self) -> Tensor:
        """The noisy latent (batch, channels, rows, columns)."""
        ...

    @property
    def sigma(self) -> Tensor:
        """The noise level (batch,)."""
        ...

    @property
    def cfg(self) -> float:
        """The scale of the guidance."""
        ...

    @property
    def cond(self) -> Tensor:
        """The finished latent that the positive prompt gives."""
        ...

    @property
    def uncond(self) -> Tensor:
        """That of the negative prompt; zeros if it was not computed."""
        ...

    def predict(self, side: int, x: Tensor | None = None, hooks: Sequence[Hook] = ()) -> Tensor:
        """Return what a side (0 positive, 1 negative) gives for another x, or with more hooks in the network."""
        ...

    def predict_prompt(self, conditioning: Conditioning) -> Tensor:
        """Return what other prompts give."""
        ...


class Guidance(Protocol):
    """Takes the place of classifier-free guidance."""

    def combine(self, guess: Guess) -> Tensor:
        """Return the guided latent."""
        ...


class Refinement(Protocol):
    """Changes what guidance gave."""

    @property
    def needs_uncond(self) -> bool:
        """Whether the negative side must be computed even where cfg is 1."""
        ...

    def watch(self) -> Hook | None:
        """Return a new hook for the main call of this step, from which `refine` will read; None for none."""
        ...

    def refine(self, guess: Guess, denoised: Tensor, watched: Any) -> Tensor:
        """Return the changed latent. watched: the hook that `watch` gave."""
        ...


class SidePatch(Protocol):
    """Changes how the network predicts one side of the guidance."""

    def hooks(self, side: int, sigma: Tensor) -> Sequence[Hook]:
        """Return the hooks for a side (0 positive, 1 negative) of a step's main calls; a side with any is predicted apart."""
        ...


class MaskPatch(Protocol):
    """Changes the mask of what may be sampled, from level to level."""

    def mask(self, mask: Tensor, sigma: Tensor, sigmas: Tensor, parameterization: Parameterization) -> Tensor:
        """Return the mask for a noise level. sigmas: all levels of this sampling."""
        ...


class Conductor(Protocol):
    """Carries samplings out in place of diffusion.sampling, whatever else the handle carries."""

    def sample(self, sampling: Sampling) -> Tensor:
        """Return the samples at the last level, in the VAE's scale."""
        ...


@dataclass(frozen=True)
class TimedHook:
    """A hook that is in the network for a part of the way only."""

    hook: Hook
    start_percent: float = 0.0
    end_percent: float = 1.0

    def is_active(self, sigma: Tensor, parameterization: Parameterization) -> bool:
        """Return whether it is its time at a noise level (batch,)."""
        if self.start_percent <= 0 and self.end_percent >= 1:
            return True  # reading sigma would wait for the device
        level = float(sigma[0])
        starts = self.start_percent <= 0 or level <= parameterization.threshold(self.start_percent)
        return starts and (self.end_percent >= 1 or level >= parameterization.threshold(self.end_percent))


@dataclass(frozen=True)
class Usage:
    """How a model is used: all patches of a handle but those of weights.

    There is one of each but refinements, hooks and companions.
    """

    guidance: Guidance | None = None
    refinements: tuple[Refinement, ...] = ()
    hooks: tuple[Hook, ...] = ()
    timed: tuple[TimedHook, ...] = ()
    mask: MaskPatch | None = None
    sides: SidePatch | None = None
    conductor: Conductor | None = None
    companions: tuple[Companion, ...] = ()

    @property
    def needs_uncond(self) -> bool:
        """Whether the negative side must always be computed."""
        return any(refinement.needs_uncond for refinement in self.refinements)

    def at(self, sigma: Tensor, parameterization: Parameterization) -> Usage:
        """Return the usage at a noise level, where hooks whose time it is are like the others."""
        if not self.timed:
            return self
        now = (timed.hook for timed in self.timed if timed.is_active(sigma, parameterization))
        return replace(self, hooks=(*self.hooks, *now), timed=())


@contextmanager
def hooked(backbone: nn.Module, hooks: Sequence[Hook], sides: Sequence[int]) -> Iterator[None]:
    """Have hooks in a network for a while."""
    with ExitStack() as stack:
        for hook in hooks:
            for remove in hook.install(backbone, sides):
                stack.callback(remove)
        yield
