"""Several text encoders that read prompts of their own.

encode_even(clip, {"l": "a cat", "g": "a cat, a dog, …"})  # both have as many chunks
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from diffusion.clip import CLIP_G, CLIP_L, Clip, TextEncoder
from diffusion.conditioning import Cond
from diffusion.text.encoders import Encoded


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
