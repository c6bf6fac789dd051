"""Handles of single CLIP text encoders, as SD1 has them."""

from __future__ import annotations

import torch
from torch import nn

from diffusion.clip import CLIP_L, Clip, TextEncoder
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.readers import ClipReader
from diffusion.text.tokenizer import ClipTokenizer


def clip_of(
    tokenizer: ClipTokenizer,
    module: nn.Module,
    *,
    digest: str = "",
    embeddings: EmbeddingLookup = no_embeddings,
    computed: torch.dtype | None = None,
) -> Clip:
    """Return the handle of one CLIP text encoder, as SD1 has it."""
    encoder = TextEncoder(CLIP_L, ClipReader(tokenizer), module, digest=digest, computed=computed)
    return Clip((encoder,), embeddings=embeddings)
