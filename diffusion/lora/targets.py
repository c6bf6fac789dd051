"""Which tensor a key of a LoRA file means: the many names that programs give to the layers of one network.

    aliases = unet_aliases(backbone)
    aliases["lora_unet_mid_block_attentions_0_proj_in"]  # "mid_block.attentions.0.proj_in.weight"

Layers go by diffusers' names or by those of the original files, with dots or underscores, with several prefixes. Keys of
tensors that are no weights (biases) are whole names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from torch import nn

from diffusion.checkpoints.encoders.pile_t5xl import PILE_T5
from diffusion.checkpoints.ldm_keys import unet_keys
from diffusion.clip import CLIP_G, CLIP_H, CLIP_L, T5_XXL

SEVERAL_TEXTS = frozenset({"flux", "sd3", "sdxl"})  # families with more than one text encoder
WEIGHT = ".weight"
UNET_UNDERSCORED = ("lora_unet_", "lycoris_")
UNET_DOTTED = ("unet.", "", "base_model.model.", "unet.base_model.model.", "base_model.model.unet.")
ORIGINAL_DOTTED = ("diffusion_model.", "model.diffusion_model.")
CLIPS = frozenset({CLIP_L, CLIP_G, CLIP_H})
TEXT_NUMBERS: Mapping[str, int] = {CLIP_L: 1, CLIP_G: 2}  # of a text encoder among several, by kind
TEXT_DOTTED = ("{}.", "{}.base_model.model.", "base_model.model.{}.")
T5_UNDERSCORED = ("lora_te2_", "lora_te3_")
T5_DOTTED = ("text_encoder_2.", "text_encoder_3.", "text_encoders.t5xxl.transformer.", "text_encoders.transformer.")
PILE_T5_DOTTED = ("text_encoders.pile_t5xl.transformer.", "text_encoders.transformer.")
TEXT_MODEL, TEXT_PROJECTION = "text_model", "text_projection"
TEXT_BEGINNINGS = (
    "lora_te",
    "text_encoder",
    "base_model.model.text_encoder",
)  # what a key of a text encoder begins with
OTHER_FAMILIES: Mapping[str, str] = {  # beginnings of keys, and the family that has them; the first that fits counts
    "lora_unet_double_layers": "AuraFlow",
    "diffusion_model.double_layers": "AuraFlow",
    "transformer.joint_transformer_blocks": "AuraFlow",
    "lora_unet_double_blocks": "Flux",
    "lora_unet_single_blocks": "Flux",
    "diffusion_model.double_blocks": "Flux",
    "diffusion_model.single_blocks": "Flux",
    "transformer.single_transformer_blocks": "Flux",
    "lora_transformer_single_transformer_blocks": "Flux",
    "lora_unet_joint_blocks": "SD3",
    "diffusion_model.joint_blocks": "SD3",
    "transformer.transformer_blocks": "SD3, Flux or Qwen-Image",
    "lora_prior_": "Stable Cascade",
    "lora_unet_blocks_": "Wan",
    "diffusion_model.blocks.": "Wan",
    "lora_te2_": "SDXL",
    "text_encoder_2.": "SDXL",
}
FAMILY_WORDS: Mapping[str, str] = {  # as above
    "aura_flow": "AuraFlow",
    "flux": "Flux",
    "flux2": "Flux",
    "qwen_image": "Qwen-Image",
    "sd3": "SD3",
    "sdxl": "SDXL",
    "sdxl_refiner": "SDXL",
}
DEEPER_TRANSFORMERS = ("_transformer_blocks_1_", ".transformer_blocks.1.")  # SD1 has one in each place


def unet_aliases(backbone: nn.Module) -> dict[str, str]:
    """Map all names of a U-Net's layers to its tensors."""
    aliases: dict[str, str] = {}
    for name, original in unet_keys(backbone.state_dict()).items():
        layer, original_layer = name.removesuffix(WEIGHT), original.removesuffix(WEIGHT)
        aliases |= {prefix + original_layer: name for prefix in ORIGINAL_DOTTED}
        if name.endswith(WEIGHT):
            processor = layer.replace(".to_", ".processor.to_")
            spellings = {
                layer,
                processor,
                processor.removesuffix(".0") if processor.endswith(".to_out.0") else processor,
            }
            aliases |= {prefix + spelling: name for prefix in UNET_DOTTED for spelling in spellings}
            aliases |= {prefix + layer.replace(".", "_"): name for prefix in UNET_UNDERSCORED}
            aliases["lora_unet_" + original_layer.replace(".", "_")] = name
    return aliases


def text_aliases(kind: str, encoder: nn.Module, *, is_alone: bool = True) -> dict[str, str]:
    """Map all names of a text encoder's layers to its tensors; kind: as diffusion.clip has it.

    is_alone: no other text encoder belongs to the model, so that files need no number for it.
    """
    if kind == T5_XXL:
        return _t5_aliases(encoder, T5_DOTTED, T5_UNDERSCORED)
    if kind == PILE_T5:
        return _t5_aliases(encoder, PILE_T5_DOTTED, ())
    if kind not in CLIPS:
        return {}
    underscored, dotted = _text_beginnings(kind, is_alone)
    aliases: dict[str, str] = {}
    for name in encoder.state_dict():
        if name.endswith(WEIGHT):
            layer = name.removesuffix(WEIGHT).removeprefix(f"{TEXT_MODEL}.")
            place = layer if layer == TEXT_PROJECTION else f"{TEXT_MODEL}.{layer}"
            aliases |= {prefix + place.replace(".", "_"): name for prefix in underscored}
            aliases |= {prefix + place: name for prefix in dotted}
    return aliases


def _t5_aliases(encoder: nn.Module, dotted: Iterable[str], underscored: Iterable[str]) -> dict[str, str]:
    """Map the names of a T5; that of T5-XXL is the second of Flux's text encoders and the third of SD3's."""
    aliases: dict[str, str] = {}
    for name in encoder.state_dict():
        layer = f"encoder.{name.removesuffix(WEIGHT)}"
        aliases |= {prefix + layer: name for prefix in dotted}
        aliases |= {prefix + layer.replace(".", "_"): name for prefix in underscored}
    return aliases


def _text_beginnings(kind: str, is_alone: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what names with underscores and with dots begin with, for one text encoder."""
    number = TEXT_NUMBERS.get(kind, 1)
    numbers = {f"{number}", *(("", "1") if is_alone or number == 1 else ())}
    modules = {f"text_encoder_{number}" if number > 1 else "text_encoder", *(("text_encoder",) if is_alone else ())}
    dotted = (
        f"text_encoders.clip_{kind}.transformer.",
        *(form.format(module) for module in sorted(modules) for form in TEXT_DOTTED),
    )
    return tuple(f"lora_te{each}_" for each in sorted(numbers)), dotted


def other_family(keys: Iterable[str]) -> str | None:
    """Return the family that keys belong to by their names, None if these do not tell."""
    names = tuple(keys)
    found = (kind for start, kind in OTHER_FAMILIES.items() if any(name.startswith(start) for name in names))
    kind = next(found, None)
    if kind is None and any(part in name for part in DEEPER_TRANSFORMERS for name in names):
        return "SDXL"
    return kind
