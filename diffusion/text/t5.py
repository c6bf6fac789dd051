"""T5's kind of text encoders: a prompt becomes one row of tokens of any length, padded to a least one.

    reader = T5Reader(load_tokenizer("t5"), min_length=256)
    reader.read(module, "a (red:1.3) cat").embedding  # (1, 256, width)

Weights move a token's output along the line from the empty prompt's, as with CLIP (diffusion.text.encoders).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from diffusion.text.chunks import Chunk, Token, token_groups
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import Encoded, apply_weights, look_up

PADDING, END = 0, 1  # tokens of T5 and UMT5


@dataclass(frozen=True)
class T5Reader:
    """Reads with an encoder stack of T5 or UMT5.

    min_length: shorter prompts are padded to it. is_masked: padding is not attended to, and its vectors become zeros.
    """

    tokenizer: Tokenizer = field(compare=False)
    min_length: int
    padding: int = PADDING
    end: int = END
    is_masked: bool = False

    @torch.no_grad()
    def read(
        self,
        encoder: nn.Module,
        text: str,
        *,
        layer: int | None = None,
        embeddings: EmbeddingLookup = no_embeddings,
    ) -> Encoded:
        """Encode a prompt; it has no pooled output."""
        model: Any = encoder
        return self.encode(encoder, self.tokens(text, embeddings, model.config.d_model), layer)

    def tokens(self, text: str, embeddings: EmbeddingLookup, width: int) -> Chunk:
        """Return the weighted tokens of a prompt, with the end and the padding behind it."""
        groups = token_groups(self._encode, text, embeddings=embeddings, width=width)
        return self._padded([token for group in groups for token in group])

    @torch.no_grad()
    def encode(self, encoder: nn.Module, tokens: Chunk, layer: int | None = None) -> Encoded:
        """Encode the tokens of a prompt; float32 on the CPU."""
        is_weighted = any(token.weight != 1.0 for token in tokens)
        empty = (Token(self.end), *[Token(self.padding)] * (len(tokens) - 1))
        outputs = self._run(encoder, [tokens, empty] if is_weighted else [tokens], layer)
        return Encoded(apply_weights(outputs[:1], outputs[1], [tokens]) if is_weighted else outputs)

    def _encode(self, text: str) -> Sequence[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _padded(self, tokens: list[Token]) -> Chunk:
        ended = (*tokens, Token(self.end))
        return (*ended, *[Token(self.padding)] * (self.min_length - len(ended)))

    def _run(self, encoder: nn.Module, rows: Sequence[Chunk], layer: int | None) -> Tensor:
        """Return the outputs of a layer counted from the end, through the final norm: (rows, tokens, width)."""
        model: Any = encoder
        device = model.final_layer_norm.weight.device
        x = look_up(model.embed_tokens, rows, device)
        mask = torch.tensor([self._mask(row) for row in rows], device=device)
        is_last = layer in (None, -1) or abs(layer or 0) > len(model.block)
        output = model(
            inputs_embeds=x, attention_mask=mask if self.is_masked else None, output_hidden_states=not is_last
        )
        chosen = output.last_hidden_state if is_last else model.final_layer_norm(output.hidden_states[layer])
        outputs: Tensor = (chosen * mask.unsqueeze(-1) if self.is_masked else chosen).float().cpu()
        return outputs

    def _mask(self, row: Chunk) -> list[int]:
        ends = (place for place, token in enumerate(row) if isinstance(token.value, int) and token.value == self.end)
        length = next(ends) + 1
        return [1] * length + [0] * (len(row) - length)
