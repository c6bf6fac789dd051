"""A model as packs find it at `patcher.model`: the network with what is known of its family.

    base = BaseModel(model)
    base.apply_model(x, sigma, c_crossattn=context)  # the finished latent
    base.model_sampling.sigma_max, base.latent_format.scale_factor, base.model_config.unet_config

`handle` is what computes. A patcher puts another in its place while it samples, with its patches (compat.wires.patcher).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from compat.wires.extension import WrappersMP, through
from compat.wires.families import ModelType, config_of
from compat.wires.latent_formats import format_of
from compat.wires.sampling_parts import CONST, EDM, V_PREDICTION
from compat.wires.sampling_view import sampling_of
from compat.wires.unet_patches import TransformerPatches
from compat.wires.unet_places import is_unet
from diffusion.beside import Changing
from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.models import Model

NETWORK = "diffusion_model"
Options = dict[str, Any]


class BaseModel:
    """The model of a handle."""

    is_kept_by_weft = True

    def __init__(self, handle: Model) -> None:
        self.handle = handle
        self.latent_format = format_of(handle.latent_format)
        self.model_sampling = sampling_of(handle.parameterization)
        self.diffusion_model = DiffusionModel(self)
        self.model_config = config_of(handle, self.latent_format)
        self.manual_cast_dtype = handle.computed
        self.adm_channels = int(self.model_config.unet_config.get("adm_in_channels") or 0)
        self.concat_keys: tuple[str, ...] = ()
        self.memory_usage_factor = self.model_config.memory_usage_factor
        self.latent_shapes: Any = None
        self.current_patcher: Any = None

    @contextmanager
    def using(self, handle: Model) -> Iterator[None]:
        """Compute with another handle for a while."""
        before, self.handle = self.handle, handle
        try:
            yield
        finally:
            self.handle = before

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.handle.device

    @property
    def model_type(self) -> ModelType:
        """What the network predicts."""
        sampling = self.model_sampling
        if isinstance(sampling, EDM):
            return ModelType.EDM
        if isinstance(sampling, V_PREDICTION):
            return ModelType.V_PREDICTION
        return ModelType.FLOW if isinstance(sampling, CONST) else ModelType.EPS

    def apply_model(
        self,
        x: Tensor,
        t: Tensor,
        c_concat: Tensor | None = None,
        c_crossattn: Tensor | None = None,
        control: Any = None,
        transformer_options: Options | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Return the finished latents for noisy ones at levels t."""
        options = {} if transformer_options is None else transformer_options
        work = through(WrappersMP.APPLY_MODEL, options, self._apply_model, self)
        denoised: Tensor = work(x, t, c_concat, c_crossattn, control, options, **kwargs)
        return denoised

    def _apply_model(
        self,
        x: Tensor,
        t: Tensor,
        c_concat: Tensor | None = None,
        c_crossattn: Tensor | None = None,
        control: Any = None,
        transformer_options: Options | None = None,
        **kwargs: Any,
    ) -> Tensor:
        scaled = self.model_sampling.calculate_input(t, x)
        if c_concat is not None:
            scaled = torch.cat((scaled, c_concat.to(scaled)), dim=1)
        with self.using(self.handle.at(t)):
            output = self.diffusion_model(
                scaled,
                self.model_sampling.timestep(t),
                context=c_crossattn,
                control=control,
                transformer_options=dict(transformer_options or {}),
                **kwargs,
            )
        denoised: Tensor = self.model_sampling.calculate_denoised(t, output.float(), x)
        return denoised

    def process_latent_in(self, latent: Tensor) -> Tensor:
        """Return latents of the VAE in the model's scale."""
        scaled: Tensor = self.latent_format.process_in(latent)
        return scaled

    def process_latent_out(self, latent: Tensor) -> Tensor:
        """Return latents of the model in the VAE's scale."""
        scaled: Tensor = self.latent_format.process_out(latent)
        return scaled

    def scale_latent_inpaint(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, **unused: Any) -> Tensor:
        """Return what a mask keeps, noised to a level."""
        level = sigma.reshape([sigma.shape[0]] + [1] * (noise.ndim - 1))
        noised: Tensor = self.model_sampling.noise_scaling(level, noise, latent_image)
        return noised

    def get_dtype(self) -> torch.dtype:
        """Return the precision of the network."""
        return self.handle.dtype

    get_dtype_inference = get_dtype

    def extra_conds(self, **kwargs: Any) -> dict[str, Any]:
        """Return no more than what the family's adapter prepares (compat.wires.prepared)."""
        return {}

    def encode_adm(self, **kwargs: Any) -> None:
        """Return nothing: the family's adapter prepares it."""

    def memory_required(self, input_shape: Any, cond_shapes: Any = None) -> float:
        """Return what ComfyUI takes the work for: bytes of activations for an area."""
        area = input_shape[0]
        for side in input_shape[2:]:
            area *= side
        return float(area * self.get_dtype().itemsize * 0.01 * self.memory_usage_factor) * 1024**2

    def state_dict(self, *unused: Any, **named: Any) -> dict[str, Tensor]:
        """Return the weights under the names of the original files."""
        state = self.handle.backbone.state_dict()
        return {key: state[name] for key, name in self.weight_names().items()}

    def weight_names(self) -> dict[str, str]:
        """Return the names here of the weights, by those of the original files."""
        names = list(self.handle.backbone.state_dict())
        original = unet_keys(names) if is_unet(self.handle.backbone) else {name: name for name in names}
        return {f"{NETWORK}.{original[name]}": name for name in names}

    def named_parameters(self, *unused: Any) -> Iterator[tuple[str, Tensor]]:
        """Yield the weights."""
        yield from self.state_dict().items()

    def parameters(self) -> Iterator[Tensor]:
        """Yield the weights without names."""
        yield from self.state_dict().values()

    def to(self, *unused: Any, **named: Any) -> BaseModel:
        """Return it: the scheduler moves weights when they are used."""
        return self

    def eval(self) -> BaseModel:
        """Return it."""
        return self

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f'The model of Weft has no "{name}", which ComfyUI\'s may have.', name=name, obj=self)


class DiffusionModel:
    """The network itself, called as ComfyUI's are. Its modules are diffusers' own and have other names."""

    def __init__(self, base: BaseModel) -> None:
        self.base = base

    @property
    def network(self) -> nn.Module:
        """The module."""
        return self.base.handle.backbone

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return self.base.handle.dtype

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.base.handle.device

    @property
    def model_channels(self) -> int:
        """The channels of its first layer."""
        return int(self.base.model_config.unet_config["model_channels"])

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return what `forward` does, which packs may replace."""
        return self.forward(*args, **kwargs)

    def forward(
        self,
        x: Tensor,
        timesteps: Tensor | None = None,
        context: Tensor | None = None,
        y: Tensor | None = None,
        control: Any = None,
        transformer_options: Options | None = None,
        **kwargs: Any,
    ) -> Tensor:
        """Return the network's output."""
        options = {} if transformer_options is None else transformer_options
        work = through(WrappersMP.DIFFUSION_MODEL, options, self._forward, self)
        output: Tensor = work(x, timesteps, context, y, control, options, **kwargs)
        return output

    def _forward(
        self,
        x: Tensor,
        timesteps: Tensor,
        context: Tensor,
        y: Tensor | None = None,
        control: Any = None,
        transformer_options: Options | None = None,
        **kwargs: Any,
    ) -> Tensor:
        if y is not None:
            raise NotImplementedError("Weft's networks take no `y`; what it holds goes to them by `c` as it was given.")
        options = {"original_shape": list(x.shape), **(transformer_options or {})}
        patches = TransformerPatches(options, control)
        handle = self.base.handle.with_hooks(patches) if patches.is_needed else self.base.handle
        sides = tuple(options.get("cond_or_uncond") or (0,))
        return handle.apply(
            x, timesteps, context, sides, {name: kwargs[name] for name in kwargs if kwargs[name] is not None}
        )

    def state_dict(self, *unused: Any, **named: Any) -> dict[str, Tensor]:
        """Return the weights under the names of the original files."""
        return {key.removeprefix(f"{NETWORK}."): value for key, value in self.base.state_dict().items()}

    def named_modules(self) -> Iterator[tuple[str, nn.Module]]:
        """Yield diffusers' modules."""
        yield from self.network.named_modules()

    def modules(self) -> Iterator[nn.Module]:
        """Yield diffusers' modules without names."""
        yield from self.network.modules()

    def parameters(self) -> Iterator[Tensor]:
        """Yield the weights."""
        yield from self.network.parameters()

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f'The network of Weft has no "{name}": it is diffusers\' {type(self.network).__name__} (`network`).',
            name=name,
            obj=self,
        )


class SDXL(BaseModel):
    """The model of a handle of SDXL."""


class InstructSDXL(SDXL):
    """That of one that is told by words how to change a picture."""


class SDXLRefiner(BaseModel):
    """The model of a handle of SDXL's refiner."""


def base_model_of(handle: Model) -> BaseModel:
    """Return the model of a handle, in the class of its family."""
    if handle.family == "sdxl":
        return InstructSDXL(handle) if isinstance(getattr(handle.adapter, "beside", None), Changing) else SDXL(handle)
    return SDXLRefiner(handle) if handle.family == "sdxl_refiner" else BaseModel(handle)
