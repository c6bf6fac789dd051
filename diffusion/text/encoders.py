"""From a prompt to the embedding that a model attends to, through CLIP's text encoder.

    encoded = encode_prompt(encoder, tokenizer, "a (red:1.3) cat")
    encoded.embedding.shape  # (1, 77, 768)

A weight moves a token's output along the line from the empty prompt's output at the same place: 0 is the empty
prompt's, 1 the token's own (as ComfyUI does). All chunks and the empty prompt go through the encoder together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffusion.text.chunks import Chunk, empty_chunk, tokenize_prompt
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.tokenizer import END, ClipTokenizer


class Encoded(NamedTuple):
    """A prompt's embedding (1, tokens, width) and the pooled output of its first chunk (1, width), if its encoder has one.

    mask: (1, tokens), 1 for tokens that networks may attend to; None: all.
    """

    embedding: Tensor
    pooled: Tensor | None = None
    mask: Tensor | None = None


class Usual(NamedTuple):
    """How a family takes the output of its CLIP encoder.

    layer: counted from the end, where a prompt asks for no other; None means the last. is_normed: inner layers go
    through the final layer norm. padding: the token behind the end of a prompt. is_projected: a `text_projection` maps the
    pooled output, where the encoder has one.
    """

    layer: int | None = None
    is_normed: bool = True
    padding: int = END
    is_projected: bool = True


class _Hidden(NamedTuple):
    """Outputs of the chosen layer (chunks, 77, width) and of the last one at the end token (chunks, width)."""

    chosen: Tensor
    pooled: Tensor


USUAL = Usual()


@torch.no_grad()
def encode_prompt(
    encoder: nn.Module,
    tokenizer: ClipTokenizer,
    text: str,
    *,
    layer: int | None = None,
    embeddings: EmbeddingLookup = no_embeddings,
    usual: Usual = USUAL,
) -> Encoded:
    """Encode a prompt with weights, embeddings and any number of chunks; float32 on the CPU.

    layer: counted from the end (-1 is the last), in place of the usual one; one that is not there means the last.
    """
    model: Any = encoder
    width, padding = model.config.hidden_size, usual.padding
    chunks = tokenize_prompt(tokenizer, text, embeddings=embeddings, width=width, padding=padding)
    return encode_chunks(encoder, chunks, layer=layer, usual=usual)


@torch.no_grad()
def encode_chunks(
    encoder: nn.Module, chunks: Sequence[Chunk], *, layer: int | None = None, usual: Usual = USUAL
) -> Encoded:
    """Encode the chunks of a prompt; float32 on the CPU."""
    is_weighted = any(token.weight != 1.0 for chunk in chunks for token in chunk)
    read = [*chunks, empty_chunk(usual.padding)] if is_weighted else chunks
    hidden = run_encoder(encoder, read, usual.layer if layer is None else layer, usual)
    outputs = hidden.chosen
    if is_weighted:
        outputs = apply_weights(outputs[:-1], outputs[-1], chunks)
    return Encoded(outputs.flatten(0, 1).unsqueeze(0), hidden.pooled[:1])


def apply_weights(outputs: Tensor, empty: Tensor, chunks: Sequence[Chunk]) -> Tensor:
    """Move outputs (chunks, 77, width) away from the empty prompt's (77, width) by the tokens' weights."""
    weights = torch.tensor([[token.weight for token in chunk] for chunk in chunks]).unsqueeze(-1)
    return torch.where(weights == 1.0, outputs, (outputs - empty) * weights + empty)


def run_encoder(encoder: nn.Module, chunks: Sequence[Chunk], layer: int | None = None, usual: Usual = USUAL) -> _Hidden:
    """Run transformers' CLIPTextModel on chunks that may hold vectors in place of ids.

    layer: counted from the end, None for the last.
    """
    model: Any = encoder
    x = _embed(model, chunks)
    length = x.shape[1]
    causal = torch.full((1, 1, length, length), torch.finfo(x.dtype).min, dtype=x.dtype, device=x.device).triu(1)
    layers = list(model.encoder.layers)
    is_last = layer is None or abs(layer) > len(layers)
    stop = len(layers) + (-1 if layer is None or is_last else layer)
    chosen = x
    for index, block in enumerate(layers):
        x = block(x, causal)
        chosen = x if index == stop else chosen
    last = model.final_layer_norm(x)
    chosen = model.final_layer_norm(chosen) if usual.is_normed or is_last else chosen
    ends = [_first_end(chunk) for chunk in chunks]
    pooled = last[torch.arange(len(chunks)), torch.tensor(ends)]
    if usual.is_projected and hasattr(model, "text_projection"):
        pooled = model.text_projection(pooled)
    return _Hidden(chosen.float().cpu(), pooled.float().cpu())


def _first_end(chunk: Chunk) -> int:
    return next(
        index for index, token in enumerate(chunk) if not isinstance(token.value, Tensor) and token.value == END
    )


def _embed(model: Any, chunks: Sequence[Chunk]) -> Tensor:
    device = model.final_layer_norm.weight.device
    x = look_up(model.embeddings.token_embedding, chunks, device)
    positions: Tensor = model.embeddings.position_embedding(torch.arange(x.shape[1], device=device))
    return x + positions


def look_up(table: Any, chunks: Sequence[Chunk], device: torch.device) -> Tensor:
    """Return the vectors of tokens (chunks, tokens, width): rows of a table, or those that are given in place of ids."""
    ids = [[0 if isinstance(token.value, Tensor) else token.value for token in chunk] for chunk in chunks]
    x: Tensor = table(torch.tensor(ids, device=device))
    for row, chunk in enumerate(chunks):
        for place, token in enumerate(chunk):
            if isinstance(token.value, Tensor):
                x[row, place] = token.value.to(x)
    return x
