"""Latents: what travels between samplers and VAEs, and how a family scales it for its model.

    latent = Latent(torch.zeros(1, 4, 64, 64))
    x = LatentFormat().process_in(latent.samples)  # the scale in which the model works

`Latent.samples` are always as the VAE has them (unscaled), as in ComfyUI.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

SD1_SCALE = 0.18215  # 1 / standard deviation of SD1's latents (Rombach et al. 2022, appendix G)
SD1_RGB_FACTORS = (  # a linear fit of pictures to SD1's latents (the numbers that ComfyUI uses)
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)
SDXL_RGB_FACTORS = (  # likewise
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
SDXL_RGB_BIAS = (0.1084, -0.0175, -0.0011)


@dataclass(frozen=True)
class Latent:
    """A batch of latents.

    samples: (batch, channels, height/8, width/8), of some families with frames before the height. noise_mask: (batch, 1,
    height, width), 1 where sampling may change something. batch_index: which noise of the seed each entry gets; None: by
    its place. kinds: whose latents they may be (diffusion.latent_kinds), to find out whether a VAE belongs to them; nothing if
    unknown.
    """

    samples: Tensor
    noise_mask: Tensor | None = None
    batch_index: tuple[int, ...] | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class LatentFormat:
    """How a family's latents are scaled and how they look; the defaults are SD1's.

    shift_factor: the mean of the VAE's latents, which is taken off before they are scaled. rgb_factors: one row (red,
    green, blue) for each channel. tiny_vae: what decodes them for previews, a name in diffusion.tiny_vae; one of other
    channels is not used. means, deviations: of each channel, where one number for all does not do. has_frames: latents are
    (batch, channels, frames, height/8, width/8), as those of videos are; pictures have one frame. kinds: whose
    latents these may be (diffusion.latent_kinds); nothing if unknown.
    """

    channels: int = 4
    scale_factor: float = SD1_SCALE
    spatial_downscale: int = 8
    rgb_factors: tuple[tuple[float, float, float], ...] = SD1_RGB_FACTORS
    rgb_bias: tuple[float, float, float] | None = None
    shift_factor: float = 0.0
    tiny_vae: str | None = "taesd"
    means: tuple[float, ...] = ()
    deviations: tuple[float, ...] = ()
    has_frames: bool = False
    kinds: tuple[str, ...] = ()

    def process_in(self, samples: Tensor) -> Tensor:
        """Return samples of the VAE in the model's scale."""
        if self.means:
            return (samples - _of_channels(self.means, samples)) / _of_channels(self.deviations, samples)
        return (samples - self.shift_factor) * self.scale_factor

    def process_out(self, samples: Tensor) -> Tensor:
        """Return samples of the model in the VAE's scale."""
        if self.means:
            return samples * _of_channels(self.deviations, samples) + _of_channels(self.means, samples)
        return samples / self.scale_factor + self.shift_factor

    def fits(self, samples: Tensor) -> bool:
        """Return whether samples have the shape of its latents; one frame may be left out."""
        has_frames = samples.ndim == 5 and self.has_frames
        return (samples.ndim == 4 or has_frames) and samples.shape[1] == self.channels

    def with_frames(self, samples: Tensor) -> Tensor:
        """Return samples with their frames, if they have any: one, where it was left out."""
        return samples.unsqueeze(2) if self.has_frames and samples.ndim == 4 else samples


def _of_channels(values: tuple[float, ...], samples: Tensor) -> Tensor:
    return samples.new_tensor(values).view(-1, *[1] * (samples.ndim - 2))
