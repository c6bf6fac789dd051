"""Z-Image (Alibaba's Tongyi lab, 2025), plain and turbo: one stream of text and picture, read by Qwen3 4B, Flux's VAE.

Its prompt is a user's message, of which the last state but one is taken.
"""

from __future__ import annotations

from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.z_image import read_z_image, z_image_part
from diffusion.checkpoints.signature import Forbidden, Required, Signature
from diffusion.latent_formats import FLUX
from diffusion.parameterization import Parameterization
from diffusion.text.chat_reader import ChatReader
from diffusion.text.vocabularies import load_tokenizer
from diffusion.z_image import ZImageAdapter

TEMPLATE = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
SHIFT = 3.0  # of its noise levels (ComfyUI)
SIGNATURE = Signature(
    (
        Required(("cap_embedder.1.weight",), ndim=2),
        Required(("noise_refiner.0.attention.k_norm.weight",), ndim=1),
        Required(("layers.0.attention.qkv.weight",)),
        Required(("cap_pad_token",), ndim=2),
        Forbidden("siglip_embedder.", "Z-Image Omni"),
        Forbidden("dec_net.", "Z-Image in pixels"),
    )
)


def read(header: Header, prefix: str) -> Backbone:
    """Read the transformer's sizes."""
    sizes = read_z_image(header, prefix)
    return Backbone(
        z_image_part(sizes, prefix),
        Parameterization("flow", SHIFT),
        FLUX,
        ZImageAdapter(),
        context_width=sizes.context_width,
    )


def reader(weights: Weights) -> ChatReader:
    """Return how it reads prompts."""
    return ChatReader(load_tokenizer("qwen"), TEMPLATE, taps=(-2,))


FAMILY = Family("z_image", "Z-Image", SIGNATURE, read, Texts({"qwen3_4b": reader}), clip_types=("lumina2",))
