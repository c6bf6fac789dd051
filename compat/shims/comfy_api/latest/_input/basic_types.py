"""What arrives at nodes: images (batch, height, width, channels), masks (batch, height, width), sound, latents."""

from typing import Any

from torch import Tensor

ImageInput = Tensor
MaskInput = Tensor
AudioInput = dict[str, Any]  # waveform, sample_rate
LatentInput = dict[str, Any]  # samples, noise_mask, batch_index
