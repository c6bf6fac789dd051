"""Qwen-Image and Qwen-Image-Edit (Wu et al. 2025): two streams of text and picture, read by Qwen2.5-VL, Wan's VAE.

Its prompt is a user's message behind an order to describe the picture, which is not given to the network. Editing models
see pictures twice: through the text encoder, and as more tokens. Qwen-Image Layered takes a picture apart into layers, which
are frames of one latent behind that of the whole picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from diffusion.checkpoints.family import Backbone, Family, Texts
from diffusion.checkpoints.fill import Weights
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.qwen_image import qwen_image_part, read_qwen_image
from diffusion.checkpoints.signature import Required, Signature
from diffusion.latent_formats import WAN
from diffusion.levels import FLUX_LEVELS, FlowLevels
from diffusion.parameterization import Parameterization
from diffusion.qwen_image import BACKWARDS, QwenImageAdapter
from diffusion.text.chat_reader import ChatReader
from diffusion.text.picture_reader import PictureReader
from diffusion.text.vocabularies import load_tokenizer
from diffusion.tokens import INDEX, INDEX_CLEAN

SHIFT = math.exp(1.15)  # of its noise levels (ComfyUI)
CLEAN_KEY = "__index_timestep_zero__"  # an empty tensor of this name: references are told a time without noise (2511)
ORDER = (
    "Describe the image by detailing the color, shape, size, texture, quantity, text, spatial relationships of the objects "
    "and background:"
)
ORDER_FOR_PICTURES = (
    "Describe the key features of the input image (color, shape, size, texture, objects, background), then explain how the "
    "user's text instruction should alter or modify the image. Generate a new image that meets the user's requirements "
    "while maintaining consistency with the original input where appropriate."
)
MESSAGE = "<|im_start|>system\n{}<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
TEMPLATE = MESSAGE.format(ORDER, "{}")
TEMPLATE_FOR_PICTURES = MESSAGE.format(ORDER_FOR_PICTURES, "{}")
MESSAGE_START, USER, LINE_END = 151_644, 872, 198  # <|im_start|>, user, \n

SIGNATURE = Signature(
    (
        Required(("txt_norm.weight",), ndim=1),
        Required(("img_in.weight",)),
        Required(("transformer_blocks.0.attn.add_q_proj.weight",)),
        Required(("transformer_blocks.0.img_mod.1.weight",)),
        Required(("time_text_embed.timestep_embedder.linear_1.weight",)),
    )
)


def read(header: Header, prefix: str) -> Backbone:
    """Read the transformer's sizes."""
    sizes = read_qwen_image(header, prefix)
    method = INDEX_CLEAN if prefix + CLEAN_KEY in header.tensors else INDEX
    adapter = QwenImageAdapter(WAN, BACKWARDS, is_layered=True) if sizes.is_layered else QwenImageAdapter(WAN, method)
    return Backbone(
        qwen_image_part(sizes, prefix),
        Parameterization("flow", SHIFT, FlowLevels(SHIFT, FLUX_LEVELS)),
        WAN,
        adapter,
        context_width=sizes.context_width,
    )


def reader(weights: Weights) -> PictureReader:
    """Return how it reads prompts."""
    chat = ChatReader(load_tokenizer("qwen"), TEMPLATE, dropped=before_message, is_masked=False)
    return PictureReader(chat, TEMPLATE_FOR_PICTURES.replace("{}", PICTURE + "{}"))


def before_message(ids: Sequence[int]) -> int:
    """Return how many tokens come before the user's words: the first message, and the marks of the second."""
    starts = [place for place, token in enumerate(ids) if token == MESSAGE_START][:2]
    if not starts:
        return 0
    end = starts[-1]
    return end + 3 if list(ids[end + 1 : end + 3]) == [USER, LINE_END] else end


FAMILY = Family("qwen_image", "Qwen-Image", SIGNATURE, read, Texts({"qwen25_7b": reader}), clip_types=("qwen_image",))
