"""Fun ControlNets of Z-Image (diffusers' ZImageControlNetModel), called as ComfyUI does: along the picture's tokens alone.

    patch = ZImageFun(network, read_fun(header))
    model = model.with_companion(FunAlong(vae, patch, picture, None, None, 0.8))

diffusers' own pipeline lets them see the prompt's tokens too; pictures are to be those of ComfyUI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.z_image import PATCH
from diffusion.control.shown import RGB, Shown, for_jobs
from diffusion.handles import device_of, dtype_of
from diffusion.latent_formats import FLUX
from diffusion.patches import Remove
from diffusion.resize import repeat_to_batch, resize
from diffusion.streaming import Keeper, kept
from diffusion.tokens import whole_patches
from diffusion.vae import encode

EMBEDDER = f"{PATCH}-1"  # what reads the picture is called by the size of patches, and of frames
MARK = f"control_all_x_embedder.{EMBEDDER}.weight"
REFINED = "control_noise_refiner.0.after_proj.weight"
GREY = 0.5


class FunSizes(NamedTuple):
    """What makes one network differ from another.

    fills: whether it sees a mask and a second picture. adds_early: whether something is added behind the refiners of the
    picture too, or only what they would make of the picture's tokens is taken. by_layers: the layers do that, for files whose
    own refiners are empty.
    """

    channels: int
    width: int
    head_width: int
    layers: int
    refiners: int
    adds_early: bool = False
    by_layers: bool = False

    @property
    def fills(self) -> bool:
        """Whether it sees a mask and a second picture beside the first."""
        return self.channels > FLUX.channels


def read_fun(header: Header) -> FunSizes | None:
    """Read a network's sizes; None if a file holds none."""
    if MARK not in header.tensors:
        return None
    width, channels = header.required_shape(MARK)
    return FunSizes(
        channels=channels // PATCH**2,
        width=width,
        head_width=header.required_shape("control_layers.0.attention.norm_q.weight")[0],
        layers=len(header.numbers("control_layers.", ".after_proj.weight")),
        refiners=len(header.numbers("control_noise_refiner.", ".attention.to_q.weight")),
        adds_early=REFINED in header.tensors,
    )


def build_fun(sizes: FunSizes) -> nn.Module:
    """Build the network."""
    from diffusers import ZImageControlNetModel

    heads = sizes.width // sizes.head_width
    module: nn.Module = ZImageControlNetModel(
        control_layers_places=list(range(sizes.layers)),
        control_refiner_layers_places=list(range(sizes.refiners)),
        control_in_dim=sizes.channels,
        add_control_noise_refiner="control_noise_refiner" if sizes.adds_early else None,
        all_patch_size=(PATCH,),
        dim=sizes.width,
        n_refiner_layers=sizes.refiners,
        n_heads=heads,
        n_kv_heads=heads,
    )
    return module


class Step(NamedTuple):
    """What is added to the picture's tokens, and what goes on to the next layer."""

    added: Tensor
    context: Tensor


class Beside(NamedTuple):
    """What a layer of the model was given: its tokens, their places, and the time."""

    tokens: Tensor
    places: Tensor
    time: Tensor


Act = Callable[[int, Tensor, Beside], Step]


@dataclass(frozen=True)
class ZImageFun:
    """A network that goes along with Z-Image."""

    network: nn.Module
    sizes: FunSizes
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the network computes."""
        return self.computed or dtype_of(self.keeper, self.network)

    def read(self, latent: Tensor) -> Tensor:
        """Return the tokens of a picture; in a patch the rows go first, the channels last."""
        network: Any = self.network
        x = whole_patches(latent, PATCH)
        batch, channels, rows, columns = x.shape
        cells = x.reshape(batch, channels, rows // PATCH, PATCH, columns // PATCH, PATCH).permute(0, 2, 4, 3, 5, 1)
        tokens = cells.flatten(3).flatten(1, 2).to(device_of(self.keeper, self.network), self.dtype)
        found: Tensor = kept(
            self.keeper, "embed", tokens.shape, lambda: network.control_all_x_embedder[EMBEDDER](tokens)
        )
        return found

    def refined(self, context: Tensor, beside: Beside) -> Tensor:
        """Return the picture's tokens as refiners of its own, which add nothing, make them."""
        network: Any = self.network

        def work() -> Tensor:
            refined = context
            for layer in network.control_noise_refiner:
                refined = layer(refined, None, beside.places, beside.time.to(self.dtype))
            return refined

        return kept(self.keeper, "control", context.shape, work)

    def early(self, number: int, context: Tensor, beside: Beside) -> Step:
        """Return what is added behind a refiner of the model."""
        network: Any = self.network
        if not self.sizes.by_layers:
            return self._layer(network.control_noise_refiner[number], context, beside)
        layers = network.control_layers[:1] if number == 0 else network.control_layers[1:]
        first = step = self._layer(layers[0], context, beside)
        for layer in layers[1:]:
            step = self._layer(layer, step.context, beside)
        return Step(first.added, step.context)

    def late(self, number: int, context: Tensor, beside: Beside) -> Step:
        """Return what is added behind a layer of the model."""
        network: Any = self.network
        return self._layer(network.control_layers[number], context, beside)

    def _layer(self, layer: Any, context: Tensor, beside: Beside) -> Step:
        given = context if layer.block_id == 0 else context[None]  # all but the first take what those before gave

        def work() -> Tensor:
            stacked: Tensor = layer(
                given, beside.tokens.to(self.dtype), None, beside.places, beside.time.to(self.dtype)
            )
            return stacked

        return Step(*kept(self.keeper, "control", context.shape, work))


class FunHook:
    """A hook (diffusion.patches.Hook) for one call of the model. context: the picture's tokens, which change on the way."""

    def __init__(self, patch: ZImageFun, context: Tensor, strength: float) -> None:
        self._patch, self._context, self._strength = patch, context, strength
        self._beside: Beside | None = None

    def install(self, backbone: nn.Module, sides: Sequence[int]) -> Sequence[Remove]:
        """Put it before the first and behind all refiners and layers at which the network acts."""
        network: Any = backbone
        sizes, stride = self._patch.sizes, round(len(network.layers) / self._patch.sizes.layers)
        refiners, layers = network.noise_refiner, list(network.layers)[::stride][: sizes.layers]
        handles = [refiners[0].register_forward_pre_hook(self._begin), layers[0].register_forward_pre_hook(self._look)]
        if sizes.adds_early:
            early = zip(refiners, range(sizes.refiners), strict=False)
            handles += [each.register_forward_hook(partial(self._add, self._patch.early, at)) for each, at in early]
        handles += [
            each.register_forward_hook(partial(self._add, self._patch.late, at)) for at, each in enumerate(layers)
        ]
        return [handle.remove for handle in handles]

    def _begin(self, layer: nn.Module, args: Any) -> None:
        beside = self._seen(args)
        if not self._patch.sizes.adds_early:
            self._context = self._patch.refined(self._context, beside)

    def _look(self, layer: nn.Module, args: Any) -> None:
        self._seen(args)

    def _seen(self, args: Any) -> Beside:
        tokens, _, places, time = args[:4]
        count = self._context.shape[1]
        self._beside = Beside(tokens[:, :count], places[:, :count], time)
        return self._beside

    def _add(self, act: Act, number: int, layer: nn.Module, args: Any, output: Tensor) -> Tensor:
        assert self._beside is not None, "the first layer comes before"
        step, count = act(number, self._context, self._beside), self._context.shape[1]
        self._context = step.context
        return torch.cat((output[:, :count] + step.added.to(output) * self._strength, output[:, count:]), dim=1)


@dataclass(frozen=True, eq=False)
class FunAlong(Shown):
    """A network with its pictures (batch, height, width, 3) in 0..1, as a companion (diffusion.patches.Companion).

    image: None for grey. filled: what is to be filled in, for networks that do that; None for grey. mask: (batch, rows,
    columns), 0 where it is painted; None for nowhere.
    """

    patch: ZImageFun
    image: Tensor | None
    filled: Tensor | None
    mask: Tensor | None
    strength: float

    def hook(self, x: Tensor, jobs: int) -> FunHook:
        """Return what acts in one call, for latents x (jobs * batch, …)."""
        return FunHook(self.patch, for_jobs(self.patch.read(self.latent_for(x)), x, jobs), self.strength)

    def made(self, rows: int, columns: int) -> Tensor:
        """Return the picture as a latent; beside it where something stays, and what, for networks that fill in."""
        picture, filled = (self._pixels_or_grey(each, rows, columns) for each in (self.image, self.filled))
        latent = self._encoded(picture)
        if not self.patch.sizes.fills:
            return latent
        planes = latent.new_zeros(1, 1, rows, columns)
        if self.mask is not None:
            mask, (height, width) = self.mask.reshape(-1, 1, *self.mask.shape[-2:]).float().cpu(), filled.shape[-2:]
            filled = (filled - GREY) * resize(mask, width, height, "bilinear", crop="center").round() + GREY
            planes = resize(mask, columns, rows, "nearest", crop="center")
        return torch.cat((latent, repeat_to_batch(planes, len(latent)), self._encoded(filled)), dim=1)

    def _pixels_or_grey(self, image: Tensor | None, rows: int, columns: int) -> Tensor:
        return self.pixels(torch.full((1, 1, 1, RGB), GREY) if image is None else image, rows, columns)

    def _encoded(self, pixels: Tensor) -> Tensor:
        return FLUX.process_in(encode(self.vae, pixels.movedim(1, -1)))
