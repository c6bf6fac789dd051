"""Chains of networks that steer: what a prompt carries, fitted to one latent, and what it adds at one noise level.

    conditioning = apply_control(conditioning, net, image, 1.0, 0.0, 0.6)
    chain = fit_control(conditioning[0].extras["control"], Place(1, 64, 64), threshold)
    given |= steer(chain, scaled, sigma, timestep, context, given, 2, depths_of(backbone))

A picture is scaled to the part of the latent that its prompt acts in, as in ComfyUI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffusion.adapters import BLOCKS, DOWN, LEVELS, MIDDLE, SINGLES, Given
from diffusion.conditioning import CELL, Cond, Conditioning
from diffusion.control.net import ControlNet, Depths, Residuals
from diffusion.errors import DiffusionError
from diffusion.models import Model, Vae
from diffusion.resize import repeat_to_batch, resize
from diffusion.vae import FRAMES_NDIM, encode

CONTROL = "control"  # the names that ComfyUI has for both
FOR_UNCOND = "control_apply_to_uncond"
RGB = 3
BASES: Mapping[str, str] = {  # what networks steer, in words
    "unet": "Stable Diffusion 1, 2 or XL",
    "flux": "Flux",
    "sd3": "Stable Diffusion 3",
    "qwen_image": "Qwen-Image",
}


@dataclass(frozen=True, eq=False)
class Control:
    """A network with its picture (batch, height, width, channels) in 0..1, and what comes before it in the chain.

    Prompts with the same object go through the network together. previous: another Control, or what a pack has in its
    place, of which only the pack's samplings know. vae: makes a latent of the picture for networks that want one. mask: for
    networks that fill in, (1 or batch, rows, columns), 1 where the picture stays; None for everywhere.
    """

    net: ControlNet
    image: Tensor
    strength: float = 1.0
    start_percent: float = 0.0
    end_percent: float = 1.0
    previous: Control | Any | None = None
    vae: Vae | None = None
    mask: Tensor | None = None

    def chain(self) -> Iterator[Control]:
        """Yield the links, the earliest first."""
        if isinstance(self.previous, Control):
            yield from self.previous.chain()
        yield self

    @property
    def is_whole(self) -> bool:
        """Whether nothing of a pack is in the chain."""
        return self.previous is None or (isinstance(self.previous, Control) and self.previous.is_whole)


def apply_control(
    conditioning: Conditioning,
    net: ControlNet,
    image: Tensor,
    strength: float,
    start_percent: float = 0.0,
    end_percent: float = 1.0,
    *,
    vae: Vae | None = None,
    mask: Tensor | None = None,
    made: dict[Control | None, Control] | None = None,
    for_uncond: bool = False,
) -> Conditioning:
    """Let a network steer all prompts of a conditioning, after what steers them already.

    made: links that other conditionings have got, by what came before them, to be shared. for_uncond: the other side's
    prompts are steered too, if nothing steers them.
    """
    shared = {} if made is None else made

    def steered(cond: Cond) -> Cond:
        before = cond.extras.get(CONTROL)
        if before not in shared:
            shared[before] = Control(net, image, strength, start_percent, end_percent, before, vae, mask)
        return replace(cond, extras={**cond.extras, CONTROL: shared[before], FOR_UNCOND: for_uncond})

    return tuple(steered(cond) for cond in conditioning) if strength != 0 else conditioning


class Link(NamedTuple):
    """One network of a chain, fitted: its picture at the size of a latent, or what it gives, if that is always the same."""

    net: ControlNet
    hint: Tensor
    features: Residuals | None
    strength: float
    sigma_start: float | None
    sigma_end: float | None

    def is_active(self, sigma: Tensor) -> bool:
        """Return whether the network acts at a noise level."""
        if self.sigma_start is None and self.sigma_end is None:
            return True  # reading sigma would wait for the device
        level = float(sigma[0])
        starts = self.sigma_start is None or level <= self.sigma_start
        return starts and (self.sigma_end is None or level >= self.sigma_end)


Chain = tuple[Link, ...]


class Place(NamedTuple):
    """A part of a latent: its batch, and its size in cells."""

    batch: int
    rows: int
    columns: int


def fit_control(
    control: Control, place: Place, threshold: Callable[[float], float], model: Model | None = None
) -> Chain:
    """Scale the pictures of a chain to a part of a latent, and compute what is the same at all noise levels.

    threshold: gives the noise level at a part of the way. model: the one that is steered, of which some networks need weights.
    """
    return tuple(_fitted(link, place, threshold, model) for link in control.chain())


def _fitted(control: Control, place: Place, threshold: Callable[[float], float], model: Model | None) -> Link:
    net = control.net.bound_to(model)
    hint = fit_latent(control, place) if net.traits.latent_format else fit_hint(control.image, net, place)
    hint = hint.to(net.device)
    return Link(
        net,
        hint,
        features=net.features(hint) if net.is_adapter else None,
        strength=control.strength,
        sigma_start=threshold(control.start_percent) if control.start_percent > 0 else None,
        sigma_end=threshold(control.end_percent) if control.end_percent < 1 else None,
    )


def fit_hint(image: Tensor, net: ControlNet, place: Place) -> Tensor:
    """Return pictures (1 or batch, channels, height, width) for a part of a latent."""
    wanted, multiple = net.traits.hint_channels, net.traits.multiple
    pixels = image.movedim(-1, 1)[:, :RGB] if wanted == RGB else image.movedim(-1, 1)
    height, width = (-(-cells * CELL // multiple) * multiple for cells in (place.rows, place.columns))
    fitted = resize(pixels.float(), width, height, "nearest-exact", crop="center")
    if wanted == 1 and fitted.shape[1] > 1:
        fitted = fitted.mean(dim=1, keepdim=True)
    if fitted.shape[1] == 1 and wanted > 1:
        fitted = fitted.expand(-1, wanted, -1, -1)
    if fitted.shape[1] != wanted:
        raise DiffusionError(
            f"The picture for the ControlNet has {fitted.shape[1]} channels, the network takes {wanted}; give it another."
        )
    return fitted if fitted.shape[0] == 1 else repeat_to_batch(fitted, place.batch)


def fit_latent(control: Control, place: Place) -> Tensor:
    """Return pictures as latents (1 or batch, channels, rows, columns) in the network's scale, with a mask if it wants one."""
    traits, vae = control.net.traits, control.vae
    if vae is None or traits.latent_format is None:
        raise DiffusionError(
            "This ControlNet takes the picture as a latent: connect the model's VAE to the vae input of the node that "
            "applies it."
        )
    scale = vae.latent_format.spatial_downscale
    pixels = control.image.movedim(-1, 1)[:, :RGB].float().cpu()
    pixels = resize(pixels, place.columns * scale, place.rows * scale, "nearest-exact", crop="center")
    samples = encode(vae, (pixels if traits.lightness is None else traits.lightness.of(pixels)).movedim(1, -1))
    latent = traits.latent_format.process_in(samples[:, :, 0] if samples.ndim == FRAMES_NDIM else samples)
    if traits.has_mask:
        plane = (
            torch.ones(1, 1, 1, 1) if control.mask is None else control.mask.reshape(-1, 1, *control.mask.shape[-2:])
        )
        plane = resize(plane.float().cpu(), place.columns, place.rows, "nearest-exact", crop="center")
        latent = torch.cat((latent, repeat_to_batch(plane, latent.shape[0])), dim=1)
    if latent.shape[1] != traits.hint_channels:
        raise DiffusionError(
            f"The ControlNet takes latents of {traits.hint_channels} channels, and this VAE makes {latent.shape[1]}; take the "
            "VAE of the model's family."
        )
    return latent if latent.shape[0] == 1 else repeat_to_batch(latent, place.batch)


def check_base(control: Control, steered_by: str | None) -> None:
    """Refuse networks that were made for another kind of model. steered_by: the adapter's."""
    for link in control.chain():
        base = link.net.traits.base
        if base != steered_by:
            raise DiffusionError(f"A ControlNet of {BASES[base]} cannot steer a model of this family.")


def check_control(chain: Chain, channels: int, context_width: int, given: Given) -> None:
    """Refuse networks that were made for another family."""
    for link in chain:
        traits = link.net.traits
        found = None
        if traits.context_width not in (None, context_width):
            found = f"for prompts {traits.context_width} wide, and this model's are {context_width}"
        elif traits.channels not in (None, channels):
            found = f"for latents of {traits.channels} channels, and this model's have {channels}"
        elif traits.takes_size and "text_embeds" not in given:
            found = "for SDXL, whose prompts say more than this model's"
        if found is not None:
            raise DiffusionError(f"This ControlNet is made {found}: take one of the model's family.")


def steer(
    chain: Chain, x: Tensor, sigma: Tensor, timestep: Tensor, context: Tensor, given: Given, jobs: int, depths: Depths
) -> dict[str, Tensor | tuple[Tensor, ...]]:
    """Return what a chain gives a network beside the prompt, for scaled x (jobs * batch, …); nothing outside its time.

    depths: of the network that is steered.
    """
    total = Residuals()
    for link in chain:
        if link.is_active(sigma):
            added = _added(link, x, timestep, context, given, jobs).times(link.strength)
            caller = link.net.traits.caller
            total += added if caller is None else added.spread(caller, depths)
    found: dict[str, Tensor | tuple[Tensor, ...]] = {}
    if total.down and total.middle is not None:
        found |= {DOWN: total.down, MIDDLE: total.middle}
    if total.levels:
        found[LEVELS] = total.levels
    if total.blocks:
        found[BLOCKS] = total.blocks
    if total.singles:
        found[SINGLES] = total.singles
    return found


def _added(link: Link, x: Tensor, timestep: Tensor, context: Tensor, given: Given, jobs: int) -> Residuals:
    if link.features is not None:
        return Residuals(levels=tuple(_for_jobs(level, jobs) for level in link.features.levels))
    return link.net.apply(x, timestep, context, _for_jobs(link.hint, jobs), given)


def _for_jobs(tensor: Tensor, jobs: int) -> Tensor:
    """Repeat a batch for jobs side by side; one entry is for all."""
    return tensor if tensor.shape[0] == 1 else torch.cat([tensor] * jobs)
