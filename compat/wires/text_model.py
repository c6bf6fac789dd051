"""What packs find at `clip.cond_stage_model` and `clip.tokenizer`: the text encoders of a handle, and how they read.

    tokens = tokenizer.tokenize_with_weights("a (red:1.2) cat")  # {"l": [[(49406, 1.0), …]]}
    cond, pooled = cond_stage_model.encode_token_weights(tokens)

A token is an id or a vector with a weight and, if asked for, the number of the word that it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import torch
from torch import Tensor

from compat.wires.told import no_effect
from diffusion.clip import Clip, TextEncoder
from diffusion.text.chunks import Chunk, Token, tokenize_prompt
from diffusion.text.encoders import Encoded, encode_chunks
from diffusion.text.readers import ClipReader
from diffusion.text.tokenizer import CHUNK_LENGTH, END, START

Tokens = Mapping[str, Sequence[Sequence[Any]]]
CLIP_PREFIX = "clip_"


def reader_of(encoder: TextEncoder) -> ClipReader:
    """Return how an encoder reads, if it is one of CLIP's."""
    if not isinstance(encoder.reader, ClipReader):
        raise NotImplementedError(
            f'The text encoder "{encoder.kind}" has no tokens that packs could see; let CLIPTextEncode encode the prompt.'
        )
    return encoder.reader


class Tokenizer:
    """The tokenizers of all encoders; each is an attribute, `clip_l` …"""

    def __init__(self, handle: Clip) -> None:
        self.handle = handle

    def tokenize_with_weights(self, text: str, return_word_ids: bool = False, **kwargs: Any) -> dict[str, Any]:
        """Return the tokens of a prompt, by kind of encoder."""
        return {each.kind: _tokens(self.handle, each, text, return_word_ids) for each in self.handle.encoders}

    def untokenize(self, token_weight_pair: Sequence[Any]) -> list[Any]:
        """Return tokens, each with its text."""
        reader = reader_of(self.handle.encoders[0])
        return [(token, reader.tokenizer.text_of(token[0])) for token in token_weight_pair]

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: tokenizers here have no weights."""
        return {}

    def __getattr__(self, name: str) -> OneTokenizer:
        for encoder in vars(self)["handle"].encoders:
            if name in (encoder.kind, CLIP_PREFIX + encoder.kind):
                return OneTokenizer(self.handle, encoder)
        _missing("tokenizer", name, self)


class OneTokenizer:
    """The tokenizer of one encoder."""

    start_token, end_token, max_length, embedding_identifier = START, END, CHUNK_LENGTH, "embedding:"

    def __init__(self, handle: Clip, encoder: TextEncoder) -> None:
        self.handle, self.encoder = handle, encoder

    @property
    def pad_token(self) -> int:
        """What follows the end of a prompt."""
        return reader_of(self.encoder).usual.padding

    def tokenize_with_weights(self, text: str, return_word_ids: bool = False, **kwargs: Any) -> list[Any]:
        """Return the tokens of a prompt in chunks."""
        return _tokens(self.handle, self.encoder, text, return_word_ids)


class TextModel:
    """The encoders; each is an attribute, `clip_l` …"""

    is_kept_by_weft = True

    def __init__(self, handle: Clip) -> None:
        self.handle = handle
        self.layer: int | None = None
        self.is_projected = True

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the first encoder computes."""
        return self.handle.dtype

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.handle.device

    def set_clip_options(self, options: Mapping[str, Any]) -> None:
        """Take a layer's output, or the pooled one without its projection, until they are reset."""
        self.layer = options.get("layer", self.layer)
        self.is_projected = options.get("projected_pooled", self.is_projected)

    def reset_clip_options(self) -> None:
        """Encode as usual again."""
        self.layer, self.is_projected = None, True

    def encode_token_weights(self, token_weight_pairs: Tokens) -> tuple[Any, ...]:
        """Return the embedding, the pooled output and, if the family has more, a dictionary of it."""
        encoded = {each.kind: self.encode_one(each, token_weight_pairs.get(each.kind)) for each in self.handle.encoders}
        cond = self.handle.joiner.join(encoded)
        more = (dict(cond.extras),) if cond.extras else ()
        return (cond.embedding, cond.pooled, *more)

    def encode_one(self, encoder: TextEncoder, tokens: Any) -> Encoded:
        """Return what one encoder makes of its tokens; of the empty prompt if there are none."""
        reader = reader_of(encoder)
        chunks = _chunks(_tokens(self.handle, encoder, "", False) if tokens is None else tokens)
        layer = self.handle.layer if self.layer is None else self.layer
        if not self.is_projected and hasattr(encoder.module, "text_projection"):
            no_effect("the pooled output of a text encoder without its projection")
        return encoder.run(lambda: encode_chunks(encoder.module, chunks, layer=layer, usual=reader.usual))

    def weight_names(self) -> dict[str, str]:
        """Return the names of the weights here, by those of ComfyUI."""
        return {
            f"{CLIP_PREFIX}{each.kind}.transformer.text_model.{name.removeprefix('text_model.')}": name
            for each in self.handle.encoders
            for name in each.module.state_dict()
        }

    def state_dict(self, *unused: Any, **named: Any) -> dict[str, Tensor]:
        """Return the weights, by ComfyUI's names."""
        states = {each.kind: each.module.state_dict() for each in self.handle.encoders}
        return {key: states[kind_of(key)][name] for key, name in self.weight_names().items()}

    def parameters(self) -> Iterator[Tensor]:
        """Yield the weights."""
        yield from self.state_dict().values()

    def __getattr__(self, name: str) -> OneTextModel:
        for encoder in vars(self)["handle"].encoders:
            if name in (encoder.kind, CLIP_PREFIX + encoder.kind):
                return OneTextModel(self, encoder)
        _missing("text encoder", name, self)


class OneTextModel:
    """One encoder."""

    def __init__(self, owner: TextModel, encoder: TextEncoder) -> None:
        self.owner, self.encoder = owner, encoder
        self.transformer = encoder.module
        self.special_tokens = {"start": START, "end": END, "pad": reader_of(encoder).usual.padding}

    def encode_token_weights(self, token_weight_pairs: Any) -> tuple[Tensor, Tensor | None]:
        """Return the embedding and the pooled output of tokens in chunks."""
        encoded = self.owner.encode_one(self.encoder, token_weight_pairs)
        return encoded.embedding, encoded.pooled


def kind_of(key: str) -> str:
    """Return the kind of encoder that a weight belongs to, by its name in ComfyUI."""
    return key.split(".", 1)[0].removeprefix(CLIP_PREFIX)


def with_weights(handle: Clip, changes: Mapping[str, Any], make_patch: Any) -> Clip:
    """Return a handle whose encoders have changes, given by ComfyUI's names."""
    names = TextModel(handle).weight_names()

    def changed(encoder: TextEncoder) -> TextEncoder:
        own = {names[key]: change for key, change in changes.items() if kind_of(key) == encoder.kind}
        return encoder.with_patch(make_patch(own)) if own else encoder

    return replace(handle, encoders=tuple(map(changed, handle.encoders)))


def _tokens(handle: Clip, encoder: TextEncoder, text: str, return_word_ids: bool) -> list[list[tuple[Any, ...]]]:
    reader = reader_of(encoder)
    width: int = encoder.module.config.hidden_size  # type: ignore[union-attr, assignment]  # transformers'
    chunks = tokenize_prompt(
        reader.tokenizer, text, embeddings=handle.embeddings, width=width, padding=reader.usual.padding
    )
    return [[tuple(token) if return_word_ids else tuple(token)[:2] for token in chunk] for chunk in chunks]


def _chunks(tokens: Sequence[Sequence[Any]]) -> list[Chunk]:
    return [tuple(Token(_value(token[0]), float(token[1])) for token in chunk) for chunk in tokens]


def _value(value: Any) -> int | Tensor:
    """Return an id or a vector; packs may wrap vectors in dictionaries."""
    if isinstance(value, dict):
        value = value["data"]
    return value if isinstance(value, Tensor) else int(value)


def _missing(what: str, name: str, owner: Any) -> NoReturn:
    kinds = ", ".join(CLIP_PREFIX + encoder.kind for encoder in vars(owner)["handle"].encoders)
    raise AttributeError(f'A {what} of Weft has no "{name}"; it has {kinds}.', name=name, obj=owner)
