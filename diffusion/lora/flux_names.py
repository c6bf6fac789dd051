"""The names that programs give to Flux's layers: those of Black Forest Labs' files, and diffusers'.

names = flux_names(backbone)
names.aliases["lora_unet_double_blocks_0_img_attn_qkv"]  # "double_blocks.0.img_attn.qkv.weight", which has three shares
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from torch import nn

from diffusion.checkpoints.networks.flux_keys import flux_keys
from diffusion.checkpoints.views import as_view
from diffusion.lora.shares import Names, Share
from diffusion.lora.targets import ORIGINAL_DOTTED, WEIGHT

LAST_NORM = "norm_out.linear."
SCALE_FIRST = "scale first "  # before the last norm's tensors: diffusers has their halves the other way round
FUSED, QUERY_KEY_VALUE = ".linear1", ".linear1_qkv"  # a part of the first, in some files


def flux_names(backbone: nn.Module) -> Names:
    """Return the names of layers, and what those that hold several consist of."""
    tensors = backbone.state_dict()
    width = tensors["x_embedder.weight"].shape[0]
    aliases: dict[str, str] = {}
    shares: dict[str, list[Share]] = defaultdict(list)
    for name, source in flux_keys(tensors, width=width, norm="weight").items():
        view = as_view(source)
        target = name
        if view.rows is not None:
            target = view.key
            shares[target].append(Share(name, (view.rows,)))
        aliases |= dict.fromkeys(_original(view.key.removesuffix(WEIGHT)), target)
        if name.endswith(WEIGHT):
            is_last = name.startswith(LAST_NORM)
            aliases |= dict.fromkeys(_diffusers(name.removesuffix(WEIGHT)), SCALE_FIRST + name if is_last else name)
        if name.startswith(LAST_NORM):
            shares[SCALE_FIRST + name].append(Share(name, ((width, 2 * width), (0, width))))
    return _with_query_key_value(aliases, {target: tuple(parts) for target, parts in shares.items()}, width)


def _original(layer: str) -> Iterator[str]:
    yield from (prefix + layer for prefix in ORIGINAL_DOTTED)
    yield "lora_unet_" + layer.replace(".", "_")


def _diffusers(layer: str) -> Iterator[str]:
    yield from (f"transformer.{layer}", layer)
    yield from (prefix + layer.replace(".", "_") for prefix in ("lycoris_", "lora_transformer_"))


def _with_query_key_value(aliases: dict[str, str], shares: dict[str, tuple[Share, ...]], width: int) -> Names:
    """Add the names of the first three shares of fused layers, where these are shared."""
    fused = {alias: target for alias, target in aliases.items() if alias.endswith(FUSED) and target in shares}
    for alias, target in fused.items():
        part = target.replace(FUSED, QUERY_KEY_VALUE)
        aliases[alias + QUERY_KEY_VALUE.removeprefix(FUSED)] = part
        shares[part] = tuple(share for share in shares[target] if share.rows[0][1] <= 3 * width)
    return Names(aliases, shares)
