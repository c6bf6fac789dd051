"""What a LoRA file is made for and how, from the names and shapes of its tensors alone.

    told = read_told(header.tensors)  # None if it is no LoRA
    told.family, told.details         # "Stable Diffusion XL", ("rank 32", "text encoders too")

Only what every LoRA of a family changes is looked at: the width of prompts in cross attention, of layers, and names that
one family has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from diffusion.checkpoints.packed_layouts import TensorInfo
from diffusion.lora.entry import MAGNITUDE
from diffusion.lora.forms import hadamard, kronecker, low_rank, plain
from diffusion.lora.targets import TEXT_BEGINNINGS, other_family

DOWNS = tuple(spelling.down for spelling in low_rank.SPELLINGS)
MARKS = (*low_rank.SUFFIXES, *hadamard.SUFFIXES, *kronecker.SUFFIXES, *plain.SUFFIXES)
RANKED = (*DOWNS, ".hada_w1_b", ".lokr_w2_b")  # whose first side is the rank
OFT = ".oft_"
CROSS_ATTENTION = (
    "attn2_to_k",
    "attn2_to_v",
    "attn2.to_k",
    "attn2.to_v",
    "attn2.processor.to_k",
    "attn2.processor.to_v",
)
BY_CONTEXT: Mapping[int, str] = {  # the width of prompts, of U-Nets
    768: "Stable Diffusion 1",
    1024: "Stable Diffusion 2",
    1280: "Stable Diffusion XL Refiner",
    2048: "Stable Diffusion XL",
}
BY_NAMES: Mapping[str, str] = {  # parts of names that one family has
    "stream_modulation": "Flux.2",
    "to_qkv_mlp_proj": "Flux.2",
    "context_refiner": "Z-Image",
    "noise_refiner": "Z-Image",
    "img_mlp.net": "Qwen-Image",
    "img_mlp_net": "Qwen-Image",
    "txt_mlp.net": "Qwen-Image",
    "txt_mlp_net": "Qwen-Image",
    "double_layers": "AuraFlow",
    "single_layers": "AuraFlow",
}
WORDS: Mapping[str, str] = {"SDXL": "Stable Diffusion XL", "SD3": "Stable Diffusion 3", "Flux": "Flux.1"}
FLUX2_WIDTHS = frozenset({4096, 6144})  # klein 9B, dev; klein 4B is as wide as Flux.1
FUSED, FLUX2_FUSED = (
    "linear1",
    9,
)  # the first layer of its single blocks, and how many times the width it gives; Flux.1's 7
LAYERS, Z_IMAGE_WIDTH = ("layers.", "layers_"), 3840


class Told(NamedTuple):
    """family: its title, or "" if neither names nor sizes tell it."""

    family: str
    details: tuple[str, ...]


def read_told(tensors: Mapping[str, TensorInfo]) -> Told | None:
    """Return what a file's names and shapes tell; None if it is no LoRA."""
    is_oft = any(OFT in name for name in tensors)
    if not is_oft and not any(name.endswith(MARKS) for name in tensors):
        return None
    return Told(_family(tensors), tuple(_details(tensors, is_oft=is_oft)))


def _family(tensors: Mapping[str, TensorInfo]) -> str:
    """Return the family of models whose names and sizes these are."""
    downs = {name: info.shape for name, info in tensors.items() if name.endswith(DOWNS) and len(info.shape) > 1}
    for name, shape in downs.items():
        if any(part in name for part in CROSS_ATTENTION) and shape[1] in BY_CONTEXT:
            return BY_CONTEXT[shape[1]]
    named = (family for part, family in BY_NAMES.items() if any(part in name for name in tensors))
    found = next(named, None)
    if found is not None:
        return found
    word = other_family(tensors)
    if word == "Flux" and _is_flux2(tensors, downs):
        return "Flux.2"
    if word is None and any(_is_z_image(name, shape) for name, shape in downs.items()):
        return "Z-Image"
    return WORDS.get(word or "", word or "")


def _is_flux2(tensors: Mapping[str, TensorInfo], downs: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether layers that Flux.1 has too are of Flux.2's sizes."""
    for name, shape in downs.items():
        if FUSED in name:
            ups = (tensors.get(name.replace(each.down, each.up)) for each in low_rank.SPELLINGS)
            return any(up is not None and up.shape[0] == FLUX2_FUSED * shape[1] for up in ups)
    return any("_blocks" in name and shape[1] in FLUX2_WIDTHS for name, shape in downs.items())


def _is_z_image(name: str, shape: tuple[int, ...]) -> bool:
    return any(part in name for part in LAYERS) and "attention" in name and shape[1] == Z_IMAGE_WIDTH


def _details(tensors: Mapping[str, TensorInfo], *, is_oft: bool) -> Iterator[str]:
    ranks = {info.shape[0] for name, info in tensors.items() if name.endswith(RANKED) and len(info.shape) > 1}
    if ranks:
        yield f"rank {min(ranks)}" if len(ranks) == 1 else f"ranks {min(ranks)} to {max(ranks)}"
    forms = {
        "LoHa": hadamard.SUFFIXES,
        "LoKr": kronecker.SUFFIXES,
        "DoRA": (MAGNITUDE,),
        "differences of whole weights": plain.SUFFIXES,
    }
    yield from (form for form, ends in forms.items() if any(name.endswith(ends) for name in tensors))
    if is_oft:
        yield "OFT, which is not supported"
    if any(name.startswith(TEXT_BEGINNINGS) for name in tensors):
        yield "text encoders too"
