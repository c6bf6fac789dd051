"""Names of tensors of Flux.1 and Flux.2: diffusers' on one side, those of Black Forest Labs' files on the other.

    flux_keys(["x_embedder.weight"], width=3072, norm="scale")  # {"x_embedder.weight": "img_in.weight"}

The files keep query, key and value of a layer in one tensor (in single blocks the first layer of the MLP too); diffusers'
layers of their own are views of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diffusion.checkpoints.views import Source, View

ENDS: Mapping[str, str] = {
    "x_embedder": "img_in",
    "context_embedder": "txt_in",
    "time_text_embed.timestep_embedder": "time_in",
    "time_text_embed.guidance_embedder": "guidance_in",
    "time_text_embed.text_embedder": "vector_in",
    "time_guidance_embed.timestep_embedder": "time_in",
    "time_guidance_embed.guidance_embedder": "guidance_in",
    "double_stream_modulation_img.linear": "double_stream_modulation_img.lin",
    "double_stream_modulation_txt.linear": "double_stream_modulation_txt.lin",
    "single_stream_modulation.linear": "single_stream_modulation.lin",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
LAYERS: Mapping[str, str] = {"linear_1": "in_layer", "linear_2": "out_layer"}  # of an embedding
DOUBLE: Mapping[str, str] = {
    "norm1.linear": "img_mod.lin",
    "norm1_context.linear": "txt_mod.lin",
    "attn.norm_q": "img_attn.norm.query_norm",
    "attn.norm_k": "img_attn.norm.key_norm",
    "attn.norm_added_q": "txt_attn.norm.query_norm",
    "attn.norm_added_k": "txt_attn.norm.key_norm",
    "attn.to_out.0": "img_attn.proj",
    "attn.to_add_out": "txt_attn.proj",
    "ff.net.0.proj": "img_mlp.0",
    "ff.net.2": "img_mlp.2",
    "ff_context.net.0.proj": "txt_mlp.0",
    "ff_context.net.2": "txt_mlp.2",
    "ff.linear_in": "img_mlp.0",
    "ff.linear_out": "img_mlp.2",
    "ff_context.linear_in": "txt_mlp.0",
    "ff_context.linear_out": "txt_mlp.2",
}
SINGLE: Mapping[str, str] = {
    "norm.linear": "modulation.lin",
    "attn.norm_q": "norm.query_norm",
    "attn.norm_k": "norm.key_norm",
    "proj_out": "linear2",
    "attn.to_qkv_mlp_proj": "linear1",
    "attn.to_out": "linear2",
}
FUSED: Mapping[str, tuple[str, int]] = {  # the layer that holds it, and which part of that it is
    "attn.to_q": ("img_attn.qkv", 0),
    "attn.to_k": ("img_attn.qkv", 1),
    "attn.to_v": ("img_attn.qkv", 2),
    "attn.add_q_proj": ("txt_attn.qkv", 0),
    "attn.add_k_proj": ("txt_attn.qkv", 1),
    "attn.add_v_proj": ("txt_attn.qkv", 2),
}
SINGLE_FUSED: Mapping[str, int] = {"attn.to_q": 0, "attn.to_k": 1, "attn.to_v": 2}
MLP, MLP_PARTS = "proj_mlp", (3, 7)  # the first layer of the MLP is four times as wide as the network
NORMS = ("query_norm", "key_norm")


def flux_keys(names: Iterable[str], *, width: int, norm: str = "scale", prefix: str = "") -> dict[str, Source]:
    """Map diffusers' names to where the tensors lie in a file.

    width: of the network. norm: what the file calls the weights of norms, `scale` (BFL's) or `weight` (some exports).
    """
    return {name: _source(name, width, norm, prefix) for name in names}


def _source(name: str, width: int, norm: str, prefix: str) -> Source:
    match name.split("."):
        case ["transformer_blocks", number, *rest]:
            return _double(f"{prefix}double_blocks.{number}.", ".".join(rest[:-1]), rest[-1], width, norm)
        case ["single_transformer_blocks", number, *rest]:
            return _single(f"{prefix}single_blocks.{number}.", ".".join(rest[:-1]), rest[-1], width, norm)
        case [*parts, layer, leaf] if layer in LAYERS:
            return f"{prefix}{ENDS['.'.join(parts)]}.{LAYERS[layer]}.{leaf}"
        case [*parts, leaf]:
            return f"{prefix}{ENDS['.'.join(parts)]}.{leaf}"
    raise KeyError(name)


def _double(place: str, layer: str, leaf: str, width: int, norm: str) -> Source:
    if layer in FUSED:
        fused, part = FUSED[layer]
        return View(f"{place}{fused}.{leaf}", rows=(part * width, (part + 1) * width))
    return place + _leaf(DOUBLE[layer], leaf, norm)


def _single(place: str, layer: str, leaf: str, width: int, norm: str) -> Source:
    if layer in SINGLE_FUSED:
        part = SINGLE_FUSED[layer]
        return View(f"{place}linear1.{leaf}", rows=(part * width, (part + 1) * width))
    if layer == MLP:
        return View(f"{place}linear1.{leaf}", rows=(MLP_PARTS[0] * width, MLP_PARTS[1] * width))
    return place + _leaf(SINGLE[layer], leaf, norm)


def _leaf(layer: str, leaf: str, norm: str) -> str:
    return f"{layer}.{norm if layer.endswith(NORMS) else leaf}"
