"""Diffusion, as the textbook has it: how the built-in model learns, and how it makes a picture.

A diffusion model is taught one thing: to tell the noise in a noisy picture. The *forward process* adds noise, a known
amount at each of 1,000 timesteps, until nothing of the picture is left. The *reverse process* begins with noise, lets
the network tell it, takes a little of it away, and repeats. Here pictures are latents of a VAE (Rombach et al. 2022),
and a prompt says what the network should see in the noise.

    loss = noise_prediction_loss(network, latents, tokens, noise_schedule(), min_snr=5.0, generator=generator)
    loss.backward(); optimizer.step(); ema.update(network, step)  # learn
    latents = reverse_process(network, prompt, empty, noise)  # and use

What surrounds these pages (data, loops, files) is in `diffusion.training`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

import torch
from torch import Generator, Tensor, nn

from diffusion.training.networks import fast_precision

TIMESTEPS = 1000


class NoisePredictor(Protocol):
    """The network: the noise in `noisy` (batch, channels, rows, columns) at `timestep` (batch,) under a context."""

    def __call__(self, noisy: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        """Return the predicted noise, of the shape of `noisy`."""
        ...


def noise_schedule() -> Tensor:
    """Return abar_t, the part of the picture's variance that is left at timestep t: (1000,), from 0.999 down to 0.005.

    beta_t is the variance added at step t, abar_t the product of all 1 - beta (Ho et al. 2020, section 2; the square
    roots of beta are evenly spaced, as in Stable Diffusion 1).
    """
    beta = torch.linspace(0.00085**0.5, 0.012**0.5, TIMESTEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - beta, dim=0).float()


def forward_process(x0: Tensor, noise: Tensor, abar: Tensor) -> Tensor:
    """Return x_t: the picture with noise added, in one go (Ho et al. 2020, eq. 4)."""
    abar = abar.view(-1, 1, 1, 1)
    return abar.sqrt() * x0 + (1 - abar).sqrt() * noise


def drop_prompts(tokens: Tensor, empty: Tensor, probability: float, generator: Generator) -> Tensor:
    """Replace some prompts by the empty one, so that the network learns both (Ho & Salimans 2022, algorithm 1)."""
    dropped = torch.rand(len(tokens), 1, generator=generator).to(tokens.device) < probability
    return torch.where(dropped, empty, tokens)


def noise_prediction_loss(
    predict: NoisePredictor, x0: Tensor, context: Tensor, abar: Tensor, min_snr: float, generator: Generator
) -> Tensor:
    """Return the mean squared error of the predicted noise at random timesteps (Ho et al. 2020, algorithm 1).

    Almost noiseless pictures teach little: their errors are weighted down (min-SNR, Hang et al. 2023, eq. 8).
    """
    timestep = torch.randint(TIMESTEPS, (len(x0),), generator=generator)
    noise = torch.randn(x0.shape, generator=generator).to(x0.device)
    left = abar[timestep].to(x0.device)
    noisy = forward_process(x0, noise, left)
    with fast_precision(x0.device):
        predicted = predict(noisy, timestep.to(x0.device), context)
    snr = left / (1 - left)
    weight = snr.clamp(max=min_snr) / snr
    return (weight * (predicted.float() - noise).square().mean(dim=(1, 2, 3))).mean()


class Ema:
    """The exponential moving average of a module's weights: less noisy than the last step, and better."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._decay = decay
        self.weights = {name: weight.detach().clone() for name, weight in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Move the average towards the weights; quickly while the training is young."""
        amount = 1 - min(self._decay, (1 + step) / (10 + step))
        for name, weight in module.state_dict().items():
            if weight.is_floating_point():
                self.weights[name].lerp_(weight, amount)
            else:
                self.weights[name].copy_(weight)

    def copy_to(self, module: nn.Module) -> None:
        """Give the averaged weights to a module of the same shape."""
        module.load_state_dict(self.weights)


@torch.no_grad()
def reverse_process(
    predict: NoisePredictor, prompt: Tensor, empty: Tensor, noise: Tensor, *, steps: int = 25, guidance: float = 4.0
) -> Tensor:
    """Return latents made out of `noise`: the network's guess, a small step towards it, again and again.

    Guidance goes beyond what the prompt says, away from what no prompt says (Ho & Salimans 2022, eq. 6). The step is
    that of DDIM without fresh noise (Song et al. 2021, eq. 12); the samplers of `diffusion.samplers` are better ones.
    """
    timesteps = torch.linspace(TIMESTEPS - 1, 0, steps).round().long()
    left = torch.cat([noise_schedule()[timesteps], torch.ones(1)]).to(noise.device)  # at the end all of the picture
    x = noise
    for timestep, (now, then) in zip(timesteps.tolist(), pairwise(left), strict=True):
        time = torch.full((len(x),), timestep, device=x.device)
        with_prompt, without = predict(x, time, prompt), predict(x, time, empty)
        guess = without + guidance * (with_prompt - without)
        x0 = (x - (1 - now).sqrt() * guess) / now.sqrt()
        x = forward_process(x0, guess, then)
    return x
