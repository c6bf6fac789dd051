"""Prompts as language models read them: as a message of a chat, whose frame is a template.

    reader = ChatReader(load_tokenizer("qwen"), "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n", taps=(-2,))
    reader.read(module, "a cat").embedding  # (1, tokens, width)

Prompt weights do not exist here (ComfyUI reads none): parentheses are text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import Encoded
from diffusion.text.language_model import run_layers

QWEN_PADDING = 151_643  # <|endoftext|>


def nothing(ids: Sequence[int]) -> int:
    """Drop no token."""
    return 0


@dataclass(frozen=True)
class ChatReader:
    """Reads with a language model.

    template: around the prompt, which takes the place of {}. taps: after how many layers states are taken
    (diffusion.text.language_model); those of several lie side by side. least: so many tokens at least, filled up with
    `padding`, which nothing attends to. start: a token before all others. dropped: how many tokens at the start of a
    prompt are not given to the network. is_masked: whether the mask is told though no token is hidden.
    """

    tokenizer: Tokenizer = field(compare=False)
    template: str
    taps: tuple[int, ...] = ()
    least: int = 1
    padding: int = QWEN_PADDING
    start: int | None = None
    dropped: Callable[[Sequence[int]], int] = nothing
    is_masked: bool = True

    def read(
        self,
        encoder: nn.Module,
        text: str,
        *,
        layer: int | None = None,
        embeddings: EmbeddingLookup = no_embeddings,
    ) -> Encoded:
        """Encode a prompt; a layer takes the place of a single tap, and embeddings are text."""
        return self.read_ids(encoder, self.ids(text), layer=layer)

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a prompt in its template."""
        written = self.template.replace("{}", text).replace(r"\)", ")").replace(r"\(", "(")
        found = self.tokenizer.encode(written, add_special_tokens=False).ids
        ids = found if self.start is None else [self.start, *found]
        return [*ids, *[self.padding] * (self.least - len(ids))]

    @torch.no_grad()
    def read_ids(self, encoder: nn.Module, ids: Sequence[int], *, layer: int | None = None) -> Encoded:
        """Encode tokens, float32 on the CPU."""
        model: Any = encoder
        x: Tensor = model.embed_tokens(torch.tensor([ids], device=model.embed_tokens.weight.device))
        return self.read_embedded(encoder, x, self.mask(ids), ids, layer=layer)

    def read_embedded(
        self,
        encoder: nn.Module,
        x: Tensor,
        mask: Tensor,
        ids: Sequence[int],
        *,
        layer: int | None = None,
        positions: Tensor | None = None,
    ) -> Encoded:
        """Encode embedded tokens (1, tokens, width), which may be more than ids; mask, positions: as run_layers has them."""
        states = run_layers(encoder, x, mask, self.taps_for(encoder, layer), positions)
        embedding = torch.cat([state.float().cpu() for state in states], dim=-1)
        first = self.dropped(ids)
        shown = mask[:, first:] if self.is_masked or not mask[:, first:].all() else None
        return Encoded(embedding[:, first:], mask=shown)

    def taps_for(self, encoder: nn.Module, layer: int | None) -> tuple[int, ...]:
        """Return the taps, or in place of a single one the layer asked for; one that is not there means the last, normed."""
        model: Any = encoder
        if layer is None or len(self.taps) > 1:
            return self.taps
        return () if abs(layer) > len(model.layers) else (layer,)

    def mask(self, ids: Sequence[int]) -> Tensor:
        """Return (1, tokens): 0 from the first padding on (ComfyUI)."""
        shown = list(ids).index(self.padding) if self.padding in ids else len(ids)
        return (torch.arange(len(ids)) < shown).long().unsqueeze(0)
