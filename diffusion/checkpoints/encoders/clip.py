"""The two layouts of CLIP's text encoders, which several kinds share."""

from __future__ import annotations

from diffusion.checkpoints.encoders.kind import FoundEncoder, Layout
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.networks.clip_text import open_clip_part, read_open_clip, read_text, text_part
from diffusion.checkpoints.signature import Forbidden, Required, Signature

TRANSFORMERS = Signature(
    (
        Required(("embeddings.token_embedding.weight",), ndim=2),
        Required(("encoder.layers.0.mlp.fc1.weight",), ndim=2),
    )
)
OPEN_CLIP = Signature(
    (
        Required(("token_embedding.weight",), ndim=2),
        Required(("transformer.resblocks.0.mlp.c_fc.weight",), ndim=2),
    )
)
LATER_LAYERS = Forbidden("encoder.layers.22.", "a deeper CLIP, such as CLIP-H or CLIP-G")


def transformers_layout(signature: Signature, prefixes: tuple[str, ...], activation: str) -> Layout:
    """Return the layout of transformers for encoders of an activation; the projection lies beside `text_model`."""

    def read(header: Header, prefix: str) -> FoundEncoder:
        sizes = read_text(header, prefix)
        return FoundEncoder(text_part(sizes, activation, prefix), sizes.width)

    return Layout(signature, prefixes, read)


def open_clip_layout(signature: Signature, prefixes: tuple[str, ...], activation: str) -> Layout:
    """Return the layout of open_clip for encoders of an activation."""

    def read(header: Header, prefix: str) -> FoundEncoder:
        sizes = read_open_clip(header, prefix)
        return FoundEncoder(open_clip_part(sizes, activation, prefix), sizes.width)

    return Layout(signature, prefixes, read)
