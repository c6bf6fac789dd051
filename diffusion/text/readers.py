"""Readers: how the text encoders of each kind turn a prompt into vectors.

    reader = ClipReader(clip_tokenizer())
    reader.read(module, "a (red:1.3) cat").embedding  # (1, 77, width)

A kind of encoder that reads in another way (T5, language models with a template) is another Reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from torch import nn

from diffusion.conditioning import Cond
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import USUAL, Encoded, Usual, encode_prompt
from diffusion.text.tokenizer import ClipTokenizer

ATTENTION_MASK = "attention_mask"  # among the extras of a prompt: (1, tokens), 1 for those that may be attended to


class Reader(Protocol):
    """Encodes prompts with a network of its kind. Readers are frozen values."""

    def read(
        self,
        encoder: nn.Module,
        text: str,
        *,
        layer: int | None = None,
        embeddings: EmbeddingLookup = no_embeddings,
    ) -> Encoded:
        """Return a prompt's embedding, float32, on the CPU.

        layer: counted from the end (-1 is the last), None for the one that is usual. embeddings: finds textual inversions.
        """
        ...


class Joiner(Protocol):
    """Makes the conditioning of a family from what its text encoders gave. Joiners are frozen values."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        """Return the conditioning; encoded: by kind of encoder."""
        ...

    def width(self, widths: Mapping[str, int]) -> int:
        """Return how wide the vectors of a conditioning are; widths: of what the encoders make, by their kinds."""
        ...


@dataclass(frozen=True)
class ClipReader:
    """Reads with CLIP's text encoders: chunks of 77 tokens, weights against the empty prompt."""

    tokenizer: ClipTokenizer = field(compare=False)
    usual: Usual = USUAL

    def read(
        self,
        encoder: nn.Module,
        text: str,
        *,
        layer: int | None = None,
        embeddings: EmbeddingLookup = no_embeddings,
    ) -> Encoded:
        """Encode a prompt (diffusion.text.encoders)."""
        return encode_prompt(encoder, self.tokenizer, text, layer=layer, embeddings=embeddings, usual=self.usual)


@dataclass(frozen=True)
class Alone:
    """The joiner of families with one text encoder."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        """Return what the encoder gave."""
        (only,) = encoded.values()
        extras = {} if only.mask is None else {ATTENTION_MASK: only.mask}
        return Cond(only.embedding, only.pooled, extras=extras)

    def width(self, widths: Mapping[str, int]) -> int:
        """Return the width of what the encoder makes."""
        (only,) = widths.values()
        return only


@cache
def clip_tokenizer() -> ClipTokenizer:
    """Return CLIP's tokenizer, read once in a process."""
    return ClipTokenizer()
