"""ComfyUI's `latent_preview`: pictures of latents that are being sampled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from comfy.cli_args import LatentPreviewMethod, args
from comfy.utils import ProgressBar
from PIL import Image
from torch import Tensor

from compat.wires import from_pack
from diffusion.latents import LatentFormat
from diffusion.preview import preview

__heeded__ = frozenset({"default_preview_method", "MAX_PREVIEW_RESOLUTION"})

MAX_PREVIEW_RESOLUTION = args.preview_size
default_preview_method = args.preview_method


class LatentPreviewer:
    """Makes pictures of latents; packs make their own."""

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        """Return the picture of the first latent of a batch."""
        raise NotImplementedError(f"{type(self).__name__} has no decode_latent_to_preview, which makes the picture.")

    def decode_latent_to_preview_image(self, preview_format: str, x0: Tensor) -> tuple[str, Image.Image, int]:
        """Return format, picture and longest side, as ProgressBar takes them."""
        return preview_format, self.decode_latent_to_preview(x0), MAX_PREVIEW_RESOLUTION


class Latent2RGBPreviewer(LatentPreviewer):
    """Makes every cell of a latent a pixel, through a matrix."""

    def __init__(
        self,
        latent_rgb_factors: Any,
        latent_rgb_factors_bias: Any = None,
        latent_rgb_factors_reshape: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        bias = None if latent_rgb_factors_bias is None else tuple(latent_rgb_factors_bias)
        self._format = LatentFormat(rgb_factors=tuple(map(tuple, latent_rgb_factors)), rgb_bias=bias)
        self._reshape = latent_rgb_factors_reshape

    def decode_latent_to_preview(self, x0: Tensor) -> Image.Image:
        """Return the picture of the first latent of a batch."""
        shaped = x0 if self._reshape is None else self._reshape(x0)
        return preview(shaped if shaped.ndim == 4 else shaped[:, :, 0], self._format)


def get_previewer(device: Any, latent_format: Any) -> LatentPreviewer | None:
    """Return what makes pictures of latents of a format; None if it cannot be shown, or should not."""
    factors = getattr(latent_format, "latent_rgb_factors", getattr(latent_format, "rgb_factors", None))
    if factors is None or default_preview_method is LatentPreviewMethod.NoPreviews:
        return None
    bias = getattr(latent_format, "latent_rgb_factors_bias", getattr(latent_format, "rgb_bias", None))
    return Latent2RGBPreviewer(factors, bias, getattr(latent_format, "latent_rgb_factors_reshape", None))


def prepare_callback(
    model: Any, steps: int, x0_output_dict: dict[str, Any] | None = None
) -> Callable[[int, Tensor, Tensor, int], None]:
    """Return a callback of samplers that shows progress and pictures on the node that runs."""
    handle = from_pack("MODEL", model)
    previewer = get_previewer(None, getattr(handle, "latent_format", None))
    bar = ProgressBar(steps)

    def callback(step: int, x0: Tensor, x: Tensor, total_steps: int) -> None:
        if x0_output_dict is not None:
            x0_output_dict["x0"] = x0
        shown = None if previewer is None else previewer.decode_latent_to_preview_image("JPEG", x0)
        bar.update_absolute(step + 1, total_steps, shown)

    return callback


def set_preview_method(override: str | None = None) -> None:
    """Choose how pictures are made from now on: a name, or None for what the launch said."""
    global default_preview_method
    chosen = None if override is None else LatentPreviewMethod.from_string(override)
    default_preview_method = args.preview_method if chosen is None else chosen
