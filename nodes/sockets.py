"""The types on the wires of the built-in nodes: a Python type and ComfyUI's name for it, declared once.

    def ImageInvert(image: Image) -> Image: ...

IMAGE: (batch, height, width, channels) float32 in 0..1; MASK: (batch, height, width) float32 in 0..1.
AUDIO: a dictionary of `waveform` (batch, channels, samples) float32 in -1..1, and `sample_rate`.
VIDEO: nodes.media's VideoInput.
"""

from __future__ import annotations

from typing import Annotated, Any

import torch

from graph.types import SocketType

MAX_RESOLUTION = 16384  # ComfyUI's limit of width and height, in pixels

Image = Annotated[torch.Tensor, SocketType("IMAGE")]
Mask = Annotated[torch.Tensor, SocketType("MASK")]
Sound = Annotated[Any, SocketType("AUDIO")]
Video = Annotated[Any, SocketType("VIDEO")]
Curve = Annotated[Any, SocketType("CURVE")]
Histogram = Annotated[Any, SocketType("HISTOGRAM")]
Latent = Annotated[Any, SocketType("LATENT")]
Conditioning = Annotated[Any, SocketType("CONDITIONING")]
Model = Annotated[Any, SocketType("MODEL")]
Clip = Annotated[Any, SocketType("CLIP")]
Vae = Annotated[Any, SocketType("VAE")]
ControlNet = Annotated[Any, SocketType("CONTROL_NET")]
ModelPatch = Annotated[Any, SocketType("MODEL_PATCH")]
ClipVision = Annotated[Any, SocketType("CLIP_VISION")]
ClipVisionOutput = Annotated[Any, SocketType("CLIP_VISION_OUTPUT")]
StyleModel = Annotated[Any, SocketType("STYLE_MODEL")]
IPAdapter = Annotated[Any, SocketType("IPADAPTER")]
UpscaleModel = Annotated[Any, SocketType("UPSCALE_MODEL")]
Noise = Annotated[Any, SocketType("NOISE")]
Sampler = Annotated[Any, SocketType("SAMPLER")]
Sigmas = Annotated[torch.Tensor, SocketType("SIGMAS")]
Guider = Annotated[Any, SocketType("GUIDER")]
