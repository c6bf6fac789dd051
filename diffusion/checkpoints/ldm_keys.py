"""Names of tensors: diffusers' and transformers' on one side, those of latent-diffusion files on the other.

    unet_keys(["conv_in.weight"])  # {"conv_in.weight": "input_blocks.0.0.weight"}

The structure (how many levels, how many layers in each) is read from the names themselves, so any size works. Prefixes
such as `model.diffusion_model.` are the family's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
MIDDLE = {"resnets.0": "0", "attentions.0": "1", "resnets.1": "2"}


def unet_keys(names: Iterable[str]) -> dict[str, str]:
    """Map the names of a UNet2DConditionModel to those of an LDM U-Net."""
    ours = list(names)
    layers = _count(ours, "down_blocks.0.resnets.")
    with_attention = {name.split(".")[1] for name in ours if name.startswith("up_blocks.") and ".attentions." in name}
    return {name: _unet_key(name, layers, with_attention) for name in ours}


def vae_keys(names: Iterable[str]) -> dict[str, str]:
    """Map the names of an AutoencoderKL to those of an LDM autoencoder."""
    ours = list(names)
    levels = _count(ours, "decoder.up_blocks.")
    return {name: _vae_key(name, levels) for name in ours}


def _unet_key(name: str, layers: int, with_attention: set[str]) -> str:
    match name.split("."):
        case ["down_blocks", level, "resnets", layer, *rest]:
            return f"input_blocks.{1 + int(level) * (layers + 1) + int(layer)}.0.{_resnet(rest)}"
        case ["down_blocks", level, "attentions", layer, *rest]:
            return f"input_blocks.{1 + int(level) * (layers + 1) + int(layer)}.1.{'.'.join(rest)}"
        case ["down_blocks", level, "downsamplers", _, _, leaf]:
            return f"input_blocks.{(int(level) + 1) * (layers + 1)}.0.op.{leaf}"
        case ["mid_block", kind, index, *rest]:
            place = MIDDLE[f"{kind}.{index}"]
            return f"middle_block.{place}.{_resnet(rest) if kind == 'resnets' else '.'.join(rest)}"
        case ["up_blocks", level, "resnets", layer, *rest]:
            return f"output_blocks.{int(level) * (layers + 1) + int(layer)}.0.{_resnet(rest)}"
        case ["up_blocks", level, "attentions", layer, *rest]:
            return f"output_blocks.{int(level) * (layers + 1) + int(layer)}.1.{'.'.join(rest)}"
        case ["up_blocks", level, "upsamplers", _, _, leaf]:
            place = "2" if level in with_attention else "1"
            return f"output_blocks.{int(level) * (layers + 1) + layers}.{place}.conv.{leaf}"
    return _renamed(name, UNET_ENDS)


def _vae_key(name: str, levels: int) -> str:
    match name.split("."):
        case [("encoder" | "decoder") as side, ("down_blocks" | "up_blocks") as kind, level, part, index, *rest]:
            down = kind == "down_blocks"
            place = f"{side}.{'down' if down else 'up'}.{level if down else levels - 1 - int(level)}"
            if part == "resnets":
                return f"{place}.block.{index}.{_shortcut(rest)}"
            return f"{place}.{'downsample' if down else 'upsample'}.{'.'.join(rest)}"
        case [side, "mid_block", "resnets", index, *rest]:
            return f"{side}.mid.block_{int(index) + 1}.{_shortcut(rest)}"
        case [side, "mid_block", "attentions", _, *rest]:
            return f"{side}.mid.attn_1.{_renamed('.'.join(rest), VAE_ATTENTION)}"
    return name.replace("conv_norm_out", "norm_out")


def _resnet(rest: list[str]) -> str:
    return f"{RESNET[rest[0]]}.{rest[1]}"


def _shortcut(rest: list[str]) -> str:
    return ".".join(rest).replace("conv_shortcut", "nin_shortcut")


def _renamed(name: str, table: Mapping[str, str]) -> str:
    module, _, leaf = name.rpartition(".")
    return f"{table.get(module, module)}.{leaf}"


def _count(names: Iterable[str], prefix: str) -> int:
    """Return how many numbers follow a prefix."""
    return len({name.removeprefix(prefix).split(".")[0] for name in names if name.startswith(prefix)})
