"""Prompts with pictures, as Qwen2.5-VL reads them for Qwen-Image: pictures become tokens in a user's message.

    reader = PictureReader(ChatReader(load_tokenizer("qwen"), TEMPLATE), TEMPLATE_FOR_PICTURES)
    reader.read_shown(module, "make it night", [image])  # image: (batch, rows, columns, 3) in 0..1; its first picture counts

Each `<|image_pad|>` of the template, or of the prompt, stands for the next picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.text.chat_reader import ChatReader
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import Encoded
from diffusion.text.picture_patches import MERGED, Patches, patches_of

FRAME_START = "<|im_start|>"  # prompts that begin so bring a template of their own
PICTURE = 151_655  # <|image_pad|>


@dataclass(frozen=True)
class PictureReader:
    """Reads with Qwen2.5-VL. chat: without pictures. template: with a picture, where none is given."""

    chat: ChatReader
    template: str

    def read(
        self,
        encoder: nn.Module,
        text: str,
        *,
        layer: int | None = None,
        embeddings: EmbeddingLookup = no_embeddings,
    ) -> Encoded:
        """Encode a prompt."""
        return self._chat_for(text, self.chat.template).read(encoder, text, layer=layer)

    @torch.no_grad()
    def read_shown(
        self,
        encoder: nn.Module,
        text: str,
        pictures: Sequence[Tensor],
        *,
        layer: int | None = None,
        template: str | None = None,
    ) -> Encoded:
        """Encode a prompt with pictures; template: in place of the usual one."""
        chat = self._chat_for(text, template or (self.template if pictures else self.chat.template))
        ids = chat.ids(text)
        model: Any = encoder
        x: Tensor = model.embed_tokens(torch.tensor([ids], device=model.embed_tokens.weight.device))
        places = [place for place, token in enumerate(ids) if token == PICTURE][: len(pictures)]
        seen = [patches_of(picture, model.visual.config.patch_size) for picture in pictures[: len(places)]]
        states = [_see(model.visual, each, x) for each in seen]
        positions = _positions(len(ids), places, seen).unsqueeze(1).to(x.device)
        mask = _spread(chat.mask(ids)[0, :, None], places, [state.new_ones(len(state), 1) for state in states])
        together = _spread(x[0], places, states).unsqueeze(0)
        return chat.read_embedded(encoder, together, mask.T.long().cpu(), ids, layer=layer, positions=positions)

    def _chat_for(self, text: str, template: str) -> ChatReader:
        return replace(self.chat, template="{}" if text.startswith(FRAME_START) else template)


def _see(vision: Any, patches: Patches, like: Tensor) -> Tensor:
    """Return the tokens of a picture: (tokens, width)."""
    grid = torch.tensor([[1, patches.rows, patches.columns]], device=like.device)
    pixels = patches.pixels.to(like)
    with _exact_pixels(vision.patch_embed, pixels):
        state: Tensor = vision(pixels, grid_thw=grid).pooler_output
    return state.to(like)


@contextmanager
def _exact_pixels(embedder: Any, pixels: Tensor) -> Iterator[None]:
    """Show pixels in the precision in which the network computes: it would round them to that of packed weights."""
    sides = (embedder.temporal_patch_size, embedder.patch_size, embedder.patch_size)
    cubes = pixels.view(-1, embedder.in_channels, *sides)
    handle = embedder.proj.register_forward_pre_hook(lambda layer, args: (cubes,))
    try:
        yield
    finally:
        handle.remove()


def _spread(rows: Tensor, places: Sequence[int], pieces: Sequence[Tensor]) -> Tensor:
    """Put pieces of several rows in the place of single rows."""
    parts, start = [], 0
    for place, piece in zip(places, pieces, strict=True):
        parts += [rows[start:place], piece.to(rows)]
        start = place + 1
    return torch.cat([*parts, rows[start:]])


def _positions(tokens: int, places: Sequence[int], seen: Sequence[Patches]) -> Tensor:
    """Return the time, row and column of each token (3, tokens): words count on from the largest side of a picture."""
    parts, start, at = [], 0, 0
    for place, patches in zip(places, seen, strict=True):
        words = place - start
        parts.append(torch.arange(at, at + words).expand(3, -1))
        at, start = at + words, place + 1
        rows, columns = patches.rows // MERGED, patches.columns // MERGED
        grid = torch.meshgrid(torch.arange(1), torch.arange(rows), torch.arange(columns), indexing="ij")
        parts.append(torch.stack(grid).flatten(1) + at)
        at += max(rows, columns)
    return torch.cat([*parts, torch.arange(at, at + tokens - start).expand(3, -1)], dim=1)
