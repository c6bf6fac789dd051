"""Prompts of their own for several text encoders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from diffusion.clip import Clip, TextEncoder
from diffusion.conditioning import Cond
from diffusion.text.encoders import Encoded
from diffusion.text.several import encode_even


@dataclass(frozen=True)
class LengthReader:
    """Reads a text into chunks of two tokens, one for each word; the values say which word."""

    seen: list[str] = field(default_factory=list, compare=False)

    def read(self, encoder: nn.Module, text: str, **options: Any) -> Encoded:
        self.seen.append(text)
        chunks = max(1, len(text.split()))
        values = torch.arange(1.0, chunks + 1).repeat_interleave(2).view(1, -1, 1) * bool(text)
        return Encoded(values, torch.zeros(1, 1))


@dataclass(frozen=True)
class Beside:
    """Puts embeddings side by side, which need equal lengths."""

    def join(self, encoded: Mapping[str, Encoded]) -> Cond:
        return Cond(torch.cat([encoded[kind].embedding for kind in ("l", "g")], dim=-1))

    def width(self, widths: Mapping[str, int]) -> int:
        return sum(widths.values())


def clip() -> Clip:
    encoders = tuple(TextEncoder(kind, LengthReader(), nn.Linear(1, 1)) for kind in ("l", "g"))
    return Clip(encoders, Beside())


def test_the_shorter_prompt_gets_empty_chunks_behind() -> None:
    embedding = encode_even(clip(), {"l": "a", "g": "one two three"}).embedding
    assert embedding[0, :, 0].tolist() == [1, 1, 0, 0, 0, 0]
    assert embedding[0, :, 1].tolist() == [1, 1, 2, 2, 3, 3]


def test_equal_prompts_are_read_once() -> None:
    given = clip()
    encode_even(given, {"l": "a b", "g": "c d"})
    assert [each.reader.seen for each in given.encoders] == [["a b"], ["c d"]]
