"""From a prompt to chunks of 77 weighted tokens, as the text encoder reads them.

    chunks = tokenize_prompt(tokenizer, "a (red:1.3) cat")
    len(chunks[0])  # 77

Pieces of one weight stay together: one of fewer than eight tokens is never split between chunks (ComfyUI).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from diffusion.errors import DiffusionError
from diffusion.text.embeddings import EmbeddingLookup, load_embedding, no_embeddings
from diffusion.text.prompt import parse_weights
from diffusion.text.tokenizer import CHUNK_LENGTH, END, START, ClipTokenizer

logger = logging.getLogger(__name__)

EMBEDDING_MARK = "embedding:"
SPLIT_FROM = 8  # tokens: pieces of this length and more may be split (ComfyUI)
_BEFORE_EMBEDDING = re.compile(rf"(?<=\s)(?={EMBEDDING_MARK})")


class Token(NamedTuple):
    """A token id or, for textual inversion, a vector (width,); its weight; and the number of its piece, 0 for marks."""

    value: int | Tensor
    weight: float = 1.0
    piece: int = 0


Chunk = tuple[Token, ...]
Group = list[Token]


class _Embedding(NamedTuple):
    """What a piece that began with `embedding:` came to: vectors, and the text after the name."""

    vectors: Tensor | None
    rest: str


def tokenize_prompt(
    tokenizer: ClipTokenizer,
    prompt: str,
    *,
    embeddings: EmbeddingLookup = no_embeddings,
    width: int = 768,
    padding: int = END,
) -> list[Chunk]:
    """Return the chunks of a prompt, at least one; each has 77 tokens, the last of them `padding`."""
    return pack(token_groups(tokenizer.encode, prompt, embeddings=embeddings, width=width), padding)


def token_groups(
    encode: Callable[[str], Sequence[int]], prompt: str, *, embeddings: EmbeddingLookup = no_embeddings, width: int
) -> list[Group]:
    """Return the weighted tokens of a prompt, by its pieces; encode: the ids of a text, without marks."""
    groups = enumerate(_groups(encode, prompt, embeddings, width), start=1)
    return [[token._replace(piece=piece) for token in group] for piece, group in groups]


def embedding_names(prompt: str) -> tuple[str, ...]:
    """Return the names of embeddings in a prompt, each as it stands and without the commas around it."""
    if EMBEDDING_MARK not in prompt:
        return ()
    pieces = [piece for text, _ in parse_weights(prompt) for piece in _BEFORE_EMBEDDING.split(text)]
    marked = [piece.removeprefix(EMBEDDING_MARK).split() for piece in pieces if piece.startswith(EMBEDDING_MARK)]
    names = [_name_in(words[0]) for words in marked if words]
    return tuple(dict.fromkeys(name for each in names for name in (each, each.strip(",")) if name))


def empty_chunk(padding: int = END) -> Chunk:
    """Return the chunk of the empty prompt."""
    return pack([], padding)[0]


def pack(groups: Sequence[Group], padding: int = END) -> list[Chunk]:
    """Fill chunks with groups of tokens, and up with `padding` behind the end."""
    room = CHUNK_LENGTH - 2
    chunks: list[Group] = [[]]
    for group in groups:
        may_split = len(group) >= SPLIT_FROM
        while group:
            free = room - len(chunks[-1])
            taken = len(group) if len(group) <= free else free if may_split else 0
            chunks[-1] += group[:taken]
            group = group[taken:]
            if group:
                chunks.append([])
    return [_finish(chunk, padding) for chunk in chunks]


def _finish(chunk: Group, padding: int) -> Chunk:
    left = CHUNK_LENGTH - 2 - len(chunk)
    return (Token(START), *chunk, Token(END), *[Token(padding)] * left)


def _groups(
    encode: Callable[[str], Sequence[int]], prompt: str, embeddings: EmbeddingLookup, width: int
) -> Iterator[Group]:
    for text, weight in parse_weights(prompt):
        for piece in _BEFORE_EMBEDDING.split(text):
            if piece.startswith(EMBEDDING_MARK):
                found = _find(piece.removeprefix(EMBEDDING_MARK), embeddings, width)
                if found.vectors is not None:
                    yield [Token(vector, weight) for vector in found.vectors]
                piece = found.rest
            if piece:
                yield [Token(token, weight) for token in encode(piece)]


def _find(piece: str, embeddings: EmbeddingLookup, width: int) -> _Embedding:
    """Read the name at the start of a piece, up to a bracket; a comma after it is text unless a file is called so."""
    words = piece.split()
    if not words:
        return _Embedding(None, "")
    word = words[0]
    name = _name_in(word)
    bracketed = word[len(name) :]
    rest = " ".join([*([bracketed] if bracketed else []), *words[1:]])
    path = embeddings(name) if name else None
    bare = name.strip(",")
    if path is None and bare and bare != name:
        path = embeddings(bare)
        rest = f"{name[len(bare) :]} {rest}"
    if path is None:
        logger.warning('The prompt\'s embedding "%s" is not in models/embeddings; it is ignored.', name)
    return _Embedding(None if path is None else _load(path, width), rest)


def _name_in(word: str) -> str:
    return re.split(r"[<\[]", word, maxsplit=1)[0]


def _load(path: Path, width: int) -> Tensor | None:
    try:
        return load_embedding(path, width)
    except DiffusionError as error:
        logger.warning("%s It is ignored.", error)
        return None
