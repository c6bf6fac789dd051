"""VAE: a Vae here, an object that encodes and decodes in packs.

    vae = to_pack(handle)
    vae.decode(vae.encode(image[:, :, :, :3]))

An object of a pack's own that can do the same becomes a Vae around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from compat.wires.patcher import ModelPatcher
from diffusion import vae as work
from diffusion.checkpoints.load import vae_of_tensors
from diffusion.latents import LatentFormat
from diffusion.models import Vae

CPU = torch.device("cpu")
BYTES_PER_PIXEL_ENCODED, BYTES_PER_CELL_DECODED = 1767, 2178 * 64  # what ComfyUI reckons with


class VAE:
    """ComfyUI's VAE over a handle, or over the tensors of a file that a pack has read."""

    latent_dim, not_video, crop_input, extra_1d_channel, disable_offload = 2, False, True, None, False
    output_channels = work.CHANNELS

    def __init__(
        self,
        sd: Mapping[str, Tensor] | None = None,
        device: Any = None,
        config: Any = None,
        dtype: torch.dtype | None = None,
        metadata: Any = None,
        *,
        handle: Vae | None = None,
    ) -> None:
        if handle is None:
            from compat.shims.finder import lent

            machine = lent()
            handle = vae_of_tensors(sd or {}, dtype=dtype or machine.dtypes["vae"], device=device or machine.device)
        self.handle = handle
        self.first_stage_model = FirstStage(handle)
        self.patcher = ModelPatcher(self.first_stage_model, handle.device, CPU)
        self.latent_channels = handle.latent_format.channels
        self.downscale_ratio = self.upscale_ratio = handle.latent_format.spatial_downscale
        self.output_device = CPU
        self.working_dtypes = [torch.bfloat16, torch.float32]

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.handle.device

    @property
    def vae_dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return self.handle.dtype

    def encode(self, pixel_samples: Tensor) -> Tensor:
        """Return the latents of pictures."""
        return work.encode(self.handle, pixel_samples)

    def decode(self, samples_in: Tensor, vae_options: Mapping[str, Any] | None = None) -> Tensor:
        """Return the pictures of latents."""
        return work.decode(self.handle, samples_in)

    def encode_tiled(
        self,
        pixel_samples: Tensor,
        tile_x: int | None = None,
        tile_y: int | None = None,
        overlap: int | None = None,
        tile_t: int | None = None,
        overlap_t: int | None = None,
    ) -> Tensor:
        """Return the latents of pictures, computed in square tiles of pixels; two sides count as the smaller."""
        return work.encode_tiled(self.handle, pixel_samples, **_tiles(tile_x, tile_y, overlap))

    def decode_tiled(
        self,
        samples: Tensor,
        tile_x: int | None = None,
        tile_y: int | None = None,
        overlap: int | None = None,
        tile_t: int | None = None,
        overlap_t: int | None = None,
    ) -> Tensor:
        """Return the pictures of latents, computed in square tiles of cells; two sides count as the smaller."""
        return work.decode_tiled(self.handle, samples, **_tiles(tile_x, tile_y, overlap))

    def decode_tiled_(self, samples: Tensor, tile_x: int = 64, tile_y: int = 64, overlap: int = 16) -> Tensor:
        """Do the same, with the channels second."""
        return self.decode_tiled(samples, tile_x, tile_y, overlap).movedim(-1, 1)

    def encode_tiled_(self, pixel_samples: Tensor, tile_x: int = 512, tile_y: int = 512, overlap: int = 64) -> Tensor:
        """Encode pictures with the channels second in tiles."""
        return self.encode_tiled(pixel_samples.movedim(1, -1), tile_x, tile_y, overlap)

    def vae_encode_crop_pixels(self, pixels: Tensor) -> Tensor:
        """Return pictures cut to whole cells, without alpha."""
        return (work.fit_pixels(pixels, self.downscale_ratio).movedim(1, -1) + 1.0) / 2.0

    def process_input(self, image: Tensor) -> Tensor:
        """Return pictures of 0..1 in -1..1."""
        return image * 2.0 - 1.0

    def process_output(self, image: Tensor) -> Tensor:
        """Return pictures of -1..1 in 0..1."""
        return ((image + 1.0) / 2.0).clamp(0.0, 1.0)

    def vae_output_dtype(self) -> torch.dtype:
        """Return the precision of what comes out."""
        return torch.float32

    def spacial_compression_encode(self) -> int:
        """Return how many pixels a cell has on a side."""
        return self.downscale_ratio

    def spacial_compression_decode(self) -> int:
        """Return how many pixels a cell has on a side."""
        return self.upscale_ratio

    def temporal_compression_decode(self) -> int | None:
        """Return None: pictures have no time."""
        return None

    def memory_used_encode(self, shape: Any, dtype: torch.dtype) -> float:
        """Return what ComfyUI reckons with, in bytes."""
        return float(BYTES_PER_PIXEL_ENCODED * shape[2] * shape[3] * dtype.itemsize)

    def memory_used_decode(self, shape: Any, dtype: torch.dtype) -> float:
        """Return what ComfyUI reckons with, in bytes."""
        return float(BYTES_PER_CELL_DECODED * shape[2] * shape[3] * dtype.itemsize)

    def model_size(self) -> int:
        """Return the bytes of the weights."""
        return self.patcher.model_size()

    def throw_exception_if_invalid(self) -> None:
        """Do nothing: a handle has weights."""

    def get_sd(self) -> dict[str, Tensor]:
        """Return the weights."""
        return self.first_stage_model.state_dict()

    def is_dynamic(self) -> bool:
        """Return no."""
        return False


class FirstStage:
    """The autoencoder as packs call it: pictures in -1..1 with the channels second."""

    is_kept_by_weft = True

    def __init__(self, handle: Vae) -> None:
        self.handle = handle
        self.network = handle.autoencoder

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return self.handle.dtype

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.handle.device

    def encode(self, pixels: Tensor, *unused: Any, **named: Any) -> Tensor:
        """Return latents."""
        return work.encode(self.handle, (pixels.movedim(1, -1) + 1.0) / 2.0)

    def decode(self, samples: Tensor, *unused: Any, **named: Any) -> Tensor:
        """Return pictures, cut off at -1 and 1."""
        return work.decode(self.handle, samples).movedim(-1, 1) * 2.0 - 1.0

    def weight_names(self) -> dict[str, str]:
        """Return the names of the weights: they are diffusers'."""
        return {name: name for name in self.network.state_dict()}

    def state_dict(self) -> dict[str, Tensor]:
        """Return the weights under diffusers' names."""
        return dict(self.network.state_dict())

    def parameters(self) -> Any:
        """Yield the weights."""
        yield from self.network.parameters()

    def to(self, *unused: Any, **named: Any) -> FirstStage:
        """Return it: weights come when they are used."""
        return self


class ForeignAutoencoder(nn.Module):
    """A pack's object as diffusion.vae calls diffusers' autoencoders."""

    def __init__(self, source: Any) -> None:
        super().__init__()
        self.source = source
        self.register_parameter("place", nn.Parameter(torch.zeros(()), requires_grad=False))

    def encode(self, pixels: Tensor) -> Any:
        """Return the latents as a distribution of which nothing but the middle is asked."""
        samples = self.source.encode((pixels.movedim(1, -1) + 1.0) / 2.0)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: samples))

    def decode(self, samples: Tensor, return_dict: bool = False) -> tuple[Tensor]:
        """Return pictures in -1..1 with the channels second."""
        image: Tensor = self.source.decode(samples)
        return (image.movedim(-1, 1) * 2.0 - 1.0,)


def to_pack(handle: Vae) -> Any:
    """Return what packs get for a handle; a pack's own object as it was."""
    if isinstance(handle.autoencoder, ForeignAutoencoder):
        return handle.autoencoder.source
    return VAE(handle=handle)


def from_pack(value: Any) -> Any:
    """Return the handle of a VAE, also of a pack's own object like it; anything else as it is."""
    if type(value) is VAE:
        return value.handle
    if not all(callable(getattr(value, name, None)) for name in ("encode", "decode", "decode_tiled")):
        return value
    channels = getattr(value, "latent_channels", LatentFormat().channels)
    ratio = value.spacial_compression_decode() if hasattr(value, "spacial_compression_decode") else 8
    return Vae(ForeignAutoencoder(value), LatentFormat(channels=channels, spatial_downscale=ratio))


def _tiles(tile_x: int | None, tile_y: int | None, overlap: int | None) -> dict[str, Any]:
    sides = [side for side in (tile_x, tile_y) if side is not None]
    found = {} if not sides else {"tile": min(sides)}
    return found if overlap is None else {**found, "overlap": overlap}
