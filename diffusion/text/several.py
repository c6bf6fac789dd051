"""Several text encoders that read prompts of their own.

encode_even(clip, {"l": "a cat", "g": "a cat, a dog, …"})  # both have as many chunks
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch

from diffusion.clip import CLIP_G, CLIP_L, Clip, TextEncoder
from diffusion.conditioning import Cond
from diffusion.text.encoders import Encoded
from diffusion.text.t5 import T5Reader


def encode_even(clip: Clip, texts: Mapping[str, str]) -> Cond:
    """Return the conditioning of a prompt for each kind of encoder; the shorter of two CLIPs' gets empty chunks."""

    def read(encoder: TextEncoder, text: str) -> Encoded:
        return encoder.read(text, clip.layer, clip.embeddings)

    encoded = {each.kind: read(each, texts.get(each.kind, "")) for each in clip.encoders}
    longest = max((encoded[kind].embedding.shape[1] for kind in (CLIP_L, CLIP_G) if kind in encoded), default=0)
    for encoder in clip.encoders:
        tokens = encoded[encoder.kind].embedding.shape[1]
        if encoder.kind in (CLIP_L, CLIP_G) and tokens < longest:
            empty = read(encoder, "").embedding
            added = [empty] * ((longest - tokens) // empty.shape[1])
            whole = torch.cat([encoded[encoder.kind].embedding, *added], dim=1)
            encoded[encoder.kind] = encoded[encoder.kind]._replace(embedding=whole)
    return clip.joiner.join(encoded)


def without_padding(clip: Clip, texts: Mapping[str, str]) -> Clip:
    """Return the encoders as they read where nothing is to stand for empty prompts.

    Two CLIPs without any prompt are left out, T5 without one reads its end alone (ComfyUI).
    """
    if not any(texts.get(kind) for kind in (CLIP_L, CLIP_G)):
        clip = replace(clip, encoders=tuple(each for each in clip.encoders if each.kind not in (CLIP_L, CLIP_G)))
    return clip.with_each(lambda each: each if texts.get(each.kind) else _unpadded(each))


def _unpadded(encoder: TextEncoder) -> TextEncoder:
    reader = encoder.reader
    return replace(encoder, reader=replace(reader, min_length=0)) if isinstance(reader, T5Reader) else encoder
