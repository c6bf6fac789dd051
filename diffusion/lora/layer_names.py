"""The names that programs give to a transformer's layers: those of the original files, and diffusers'.

    names = layer_names(backbone, original_sources("z_image", backbone))
    names.aliases["lora_unet_layers_0_attention_qkv"]  # "layers.0.attention.qkv.weight", which has three shares

A layer's original name means all that the files have in it, which may be several layers of the network.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from torch import nn

from diffusion.checkpoints.networks.shift_first import layers_with_shift_first
from diffusion.checkpoints.views import Source, as_view
from diffusion.lora.shares import Names, Share
from diffusion.lora.targets import ORIGINAL_DOTTED, WEIGHT

DOTTED = ("", "transformer.", "base_model.model.", *ORIGINAL_DOTTED)
UNDERSCORED = ("lora_unet_", "lycoris_", "lora_transformer_")
SCALE_FIRST = "scale first "  # before tensors whose halves diffusers has the other way round
FUSED, QUERY_KEY_VALUE = ".linear1", ".linear1_qkv"  # of Flux: its first three shares, in some files


def layer_names(backbone: nn.Module, sources: Mapping[str, Source]) -> Names:
    """Return the names of layers, by where their tensors lie in files, and what those that hold several consist of."""
    turned = layers_with_shift_first(backbone)
    aliases: dict[str, str] = {}
    shares: dict[str, tuple[Share, ...]] = defaultdict(tuple)
    for name, source in sources.items():
        view = as_view(source)
        target = name if view.rows is None else view.key
        if view.rows is not None:
            shares[target] += (Share(name, (view.rows,)),)
        own = name
        if name.rpartition(".")[0] in turned:
            own, half = SCALE_FIRST + name, len(backbone.get_parameter(name)) // 2
            shares[own] = (Share(name, ((half, 2 * half), (0, half))),)
        aliases |= dict.fromkeys(_spelled(view.key.removesuffix(WEIGHT)), target)
        aliases |= dict.fromkeys(_spelled(name.removesuffix(WEIGHT)), own)
    return _with_query_key_value(aliases, dict(shares))


def _spelled(layer: str) -> Iterator[str]:
    yield from (prefix + layer for prefix in DOTTED)
    yield from (prefix + layer.replace(".", "_") for prefix in UNDERSCORED)


def _with_query_key_value(aliases: dict[str, str], shares: dict[str, tuple[Share, ...]]) -> Names:
    """Add the names of the first three shares of Flux's fused layers, where these are shared."""
    fused = {alias: target for alias, target in aliases.items() if alias.endswith(FUSED) and target in shares}
    for alias, target in fused.items():
        part = target.replace(FUSED, QUERY_KEY_VALUE)
        aliases[alias + QUERY_KEY_VALUE.removeprefix(FUSED)] = part
        shares[part] = tuple(sorted(shares[target], key=lambda share: share.rows)[:3])
    return Names(aliases, shares)
