"""The network of an IP-Adapter's file: a projection of diffusers', and keys and values for each layer of a U-Net.

    sizes = read_adapter(header)
    part = adapter_part(sizes)

Projections are told by their tensors: `plain` (a linear layer to a few tokens), `full` (two layers, a token for each of what
the picture was seen in), `plus` (a resampler). Layers are in the order of diffusers' UNet2DConditionModel.attn_processors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.views import Source, View
from diffusion.errors import CheckpointError

PROJECTION, LAYERS = "image_proj.", "ip_adapter."
PLAIN, FULL, PLUS = "plain", "full", "plus"
ENCODERS: Mapping[tuple[bool, int], str] = {  # by whether one vector of a picture is taken, and its width
    (True, 1024): "CLIP ViT-H",
    (True, 1280): "CLIP ViT-bigG",
    (False, 1280): "CLIP ViT-H",
}
HEAD_WIDTH = 64  # of the resampler, in all files that there are
OTHERS: Mapping[str, str] = {  # names of tensors, and what such a file is
    "image_proj.perceiver_resampler.proj_in.weight": "an IP-Adapter FaceID Plus, which wants a network that knows faces",
    "image_proj.norm.weight": "an IP-Adapter FaceID, which wants a network that knows faces",
    "double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight": "an IP-Adapter of Flux",
    "ip_adapter.0.to_k_ip.weight": "an IP-Adapter of a transformer",
}
SHOWN_NAMES = 3
RESAMPLER: Mapping[str, str] = {  # diffusers' names in a layer of the resampler, and the file's
    "ln0": "0.norm1",
    "ln1": "0.norm2",
    "attn.to_q": "0.to_q",
    "attn.to_out.0": "0.to_out",
    "ff.0": "1.0",
    "ff.1.net.0.proj": "1.1",
    "ff.1.net.2": "1.3",
}
SMALLER: Mapping[str, Mapping[str, str]] = {  # the same of other projections
    PLAIN: {"image_embeds": "proj", "norm": "norm"},
    FULL: {"ff.net.0.proj": "proj.0", "ff.net.2": "proj.2", "norm": "proj.3"},
}


class KeysValues(NamedTuple):
    """What layers attend to, (pictures, tokens, sum of the layers' widths) each: one layer beside the other."""

    keys: Tensor
    values: Tensor


class AdapterSizes(NamedTuple):
    """What makes one adapter differ from another.

    seen: the width of what it takes. context: of its tokens, as wide as the prompt's vectors. layers: the width of each.
    tokens: of a plain one or a resampler. inner, heads, depth, growth: of a resampler.
    """

    kind: str
    seen: int
    context: int
    layers: tuple[int, ...]
    tokens: int = 0
    inner: int = 0
    heads: int = 0
    depth: int = 0
    growth: int = 0


class AdapterNetwork(nn.Module):
    """A projection of what was seen to tokens, and the layers' keys and values of these."""

    def __init__(self, projection: nn.Module, context: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.projection = projection
        self.to_k = nn.ModuleList(nn.Linear(context, width, bias=False) for width in widths)
        self.to_v = nn.ModuleList(nn.Linear(context, width, bias=False) for width in widths)

    def forward(self, seen: Tensor) -> KeysValues:
        """Return keys and values of what was seen in pictures, (pictures, width) or (pictures, tokens, width)."""
        tokens = self.projection(seen)
        keys, values = (torch.cat([layer(tokens) for layer in layers], dim=-1) for layers in (self.to_k, self.to_v))
        return KeysValues(keys, values)


def is_adapter(header: Header) -> bool:
    """Return whether a file is an IP-Adapter of a U-Net, whatever its projection."""
    return any(name.startswith(PROJECTION) for name in header.tensors) and bool(_numbers(header))


def read_adapter(header: Header) -> AdapterSizes:
    """Read an adapter's sizes; CheckpointError if the file holds none that is known."""
    other = next((kind for name, kind in OTHERS.items() if name in header.tensors and not _is_plain(header)), None)
    look = next((read for name, read in KINDS.items() if f"{PROJECTION}{name}" in header.tensors), None)
    if look is not None and other is None and is_adapter(header):
        widths = tuple(header.required_shape(f"{LAYERS}{number}.to_k_ip.weight")[0] for number in _numbers(header))
        return look(header)._replace(layers=widths)
    names = ", ".join(list(header.tensors)[:SHOWN_NAMES])
    raise CheckpointError(
        f"{header.path.name}: no IP-Adapter of Stable Diffusion 1 or XL is in this file. "
        + (f"It looks like {other}; that is not supported. " if other else "")
        + f"Seen: {len(header.tensors)} tensors, such as {names}."
    )


def _is_plain(header: Header) -> bool:
    return f"{PROJECTION}proj.weight" in header.tensors


def _numbers(header: Header) -> list[int]:
    return header.numbers(LAYERS, ".to_k_ip.weight")


def _plain(header: Header) -> AdapterSizes:
    rows, seen = header.required_shape(f"{PROJECTION}proj.weight")
    context = header.required_shape(f"{PROJECTION}norm.weight")[0]
    return AdapterSizes(PLAIN, seen, context, (), tokens=rows // context)


def _full(header: Header) -> AdapterSizes:
    seen, context = (header.required_shape(f"{PROJECTION}proj.{layer}.weight") for layer in (0, 3))
    return AdapterSizes(FULL, seen[1], context[0], ())


def _plus(header: Header) -> AdapterSizes:
    start = f"{PROJECTION}layers."
    _, tokens, inner = header.required_shape(f"{PROJECTION}latents")
    return AdapterSizes(
        PLUS,
        header.required_shape(f"{PROJECTION}proj_in.weight")[1],
        header.required_shape(f"{PROJECTION}proj_out.weight")[0],
        (),
        tokens=tokens,
        inner=inner,
        heads=header.required_shape(f"{start}0.0.to_q.weight")[0] // HEAD_WIDTH,
        depth=len(header.numbers(start, ".0.to_q.weight")),
        growth=header.required_shape(f"{start}0.1.1.weight")[0] // inner,
    )


KINDS: Mapping[str, Callable[[Header], AdapterSizes]] = {
    "proj.weight": _plain,
    "proj.3.weight": _full,
    "latents": _plus,
}


def adapter_part(sizes: AdapterSizes) -> Part:
    """Return the network of a file."""
    return Part(lambda: build_adapter(sizes), lambda module: adapter_keys(module, sizes))


def build_adapter(sizes: AdapterSizes) -> nn.Module:
    """Build the network."""
    return AdapterNetwork(_projection(sizes), sizes.context, sizes.layers)


def _projection(sizes: AdapterSizes) -> nn.Module:
    from diffusers.models.embeddings import ImageProjection, IPAdapterFullImageProjection, IPAdapterPlusImageProjection

    made: nn.Module
    if sizes.kind == PLAIN:
        made = ImageProjection(sizes.seen, sizes.context, sizes.tokens)
    elif sizes.kind == FULL:
        made = IPAdapterFullImageProjection(sizes.seen, sizes.context)
    else:
        made = IPAdapterPlusImageProjection(
            sizes.seen, sizes.context, sizes.inner, sizes.depth, HEAD_WIDTH, sizes.heads, sizes.tokens, sizes.growth
        )
    return made


def adapter_keys(module: nn.Module, sizes: AdapterSizes) -> Mapping[str, Source]:
    """Return where the tensors of a network lie in a file; its layers have the odd numbers there, for those of the prompt."""
    found: dict[str, Source] = {}
    for name in module.state_dict():
        first, _, rest = name.partition(".")
        if first == "projection":
            found[name] = _projection_source(rest, sizes)
        else:
            layer = rest.partition(".")[0]
            found[name] = f"{LAYERS}{2 * int(layer) + 1}.{first}_ip.weight"
    return found


def _projection_source(name: str, sizes: AdapterSizes) -> Source:
    stem, _, leaf = name.rpartition(".")
    if sizes.kind != PLUS:
        return f"{PROJECTION}{SMALLER[sizes.kind][stem]}.{leaf}"
    if not stem.startswith("layers."):
        return f"{PROJECTION}{name}"
    _, layer, place = stem.split(".", 2)
    start = f"{PROJECTION}layers.{layer}."
    if place in ("attn.to_k", "attn.to_v"):  # one behind the other in the file
        width, at = sizes.heads * HEAD_WIDTH, ("attn.to_k", "attn.to_v").index(place)
        return View(f"{start}0.to_kv.weight", rows=(at * width, (at + 1) * width))
    return f"{start}{RESAMPLER[place]}.{leaf}"
