"""Operators that give each text encoder of a family a prompt of its own, and what the family takes besides."""

from __future__ import annotations

from typing import Annotated

from diffusion.conditioning import with_extras
from diffusion.text.several import encode_even, without_padding
from graph.annotations import Options
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.edit_models import GuidanceScale
from nodes.sockets import MAX_RESOLUTION, Clip, Conditioning
from nodes.text import Prompt

PromptText = Annotated[str, Prompt()]
Pixels = Annotated[int, Range(0, MAX_RESOLUTION)]
CropPixels = Annotated[int, Range(0, MAX_RESOLUTION), Options(advanced=True)]
PADDINGS = ("none", "empty_prompt")


@node(category="model/conditioning/stable diffusion", display_name="CLIP Text Encode (SDXL)")
def CLIPTextEncodeSDXL(
    clip: Clip,
    width: Pixels = 1024,
    height: Pixels = 1024,
    crop_w: CropPixels = 0,
    crop_h: CropPixels = 0,
    target_width: Pixels = 1024,
    target_height: Pixels = 1024,
    *,
    text_g: PromptText,
    text_l: PromptText,
) -> Conditioning:
    """Turn a prompt for each of SDXL's text encoders into a conditioning, with the size that the picture seems to have.

    width: of the picture that this one seems to be made from.
    height: likewise.
    crop_w: pixels that seem to be cut off at the left.
    crop_h: pixels that seem to be cut off at the top.
    target_width: of the picture after the cut.
    target_height: likewise.
    text_g: the prompt for the larger text encoder.
    text_l: the prompt for the smaller one.
    """
    cond = encode_even(clip, {"g": text_g, "l": text_l})
    sizes = {"width": width, "height": height, "crop_w": crop_w, "crop_h": crop_h}
    return with_extras((cond,), **sizes, target_width=target_width, target_height=target_height)


@node(category="model/conditioning/stable diffusion", display_name="CLIP Text Encode (SDXL Refiner)")
def CLIPTextEncodeSDXLRefiner(
    ascore: Annotated[float, Range(0.0, 1000.0, step=0.01)] = 6.0,
    width: Pixels = 1024,
    height: Pixels = 1024,
    *,
    text: PromptText,
    clip: Clip,
) -> Conditioning:
    """Turn a prompt into a conditioning for SDXL's refiner.

    ascore: how beautiful the picture seems to be; lower for the negative prompt.
    width: of the picture that this one seems to be made from.
    height: likewise.
    """
    return with_extras((clip.encode(text),), aesthetic_score=ascore, width=width, height=height)


@node(category="model/conditioning/flux")
def CLIPTextEncodeFlux(
    clip: Clip, clip_l: PromptText, t5xxl: PromptText, guidance: GuidanceScale = 3.5
) -> Conditioning:
    """Turn a prompt for each of Flux's text encoders into a conditioning.

    clip_l: the prompt for CLIP, which gives the mood of the whole.
    t5xxl: the prompt for T5, which gives the contents.
    guidance: the strength of guidance that the model imitates.
    """
    return with_extras((clip.encode_each({"l": clip_l, "t5xxl": t5xxl}),), guidance=guidance)


@node(category="model/conditioning/stable diffusion", display_name="CLIP Text Encode (SD3)")
def CLIPTextEncodeSD3(
    clip: Clip,
    clip_l: PromptText,
    clip_g: PromptText,
    t5xxl: PromptText,
    empty_padding: Annotated[str, Choice(PADDINGS), Options(advanced=True)] = "none",
) -> Conditioning:
    """Turn a prompt for each of SD3's text encoders into a conditioning.

    clip_l: the prompt for the smaller CLIP.
    clip_g: the prompt for the larger CLIP.
    t5xxl: the prompt for T5.
    empty_padding: what stands for an empty prompt: none is zeros where both CLIPs have none, and only the end for T5;
        empty_prompt is what the encoder makes of no words.
    """
    texts = {"l": clip_l, "g": clip_g, "t5xxl": t5xxl}
    if empty_padding == "none":
        clip = without_padding(clip, texts)
    return (encode_even(clip, texts),)
