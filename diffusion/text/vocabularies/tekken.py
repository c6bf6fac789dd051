"""Mistral's tokenizer (`tekken.json`): byte-pair encoding whose merges are told by the ranks of the tokens alone.

A token of several bytes may come of any two others; of all pairs in a word the one whose token has the lowest rank is joined
first. The file also names marks (`[INST]`), which take the ids before the tokens.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from diffusion.text.tokenizer import byte_letters

# ComfyUI splits words so, whatever the file says; most differ in capitals inside of words only.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def tekken_tokenizer(content: bytes) -> Tokenizer:
    """Return the tokenizer of a file; KeyError, ValueError or TypeError if it is damaged."""
    document: Mapping[str, Any] = json.loads(content)
    config = document["config"]
    offset = int(config["default_num_special_tokens"])
    ranks = _ranks(document["vocab"], int(config["default_vocab_size"]) - offset)
    marks = {_mark(each): int(each["rank"]) for each in document["special_tokens"]}
    letters = byte_letters()

    def word(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    vocabulary = {word(token): rank + offset for token, rank in ranks.items()} | marks
    tokenizer = Tokenizer(BPE(vocabulary, [(word(left), word(right)) for left, right in _merges(ranks)]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False, special=True) for mark in marks])
    return tokenizer


def _ranks(entries: list[Mapping[str, Any]], size: int) -> dict[bytes, int]:
    ranks = {base64.b64decode(each["token_bytes"]): int(each["rank"]) for each in entries if each["rank"] < size}
    return dict(sorted(ranks.items(), key=lambda item: item[1]))


def _mark(entry: Mapping[str, Any]) -> str:
    if "token_str" in entry:
        return str(entry["token_str"])
    return base64.b64decode(entry["token_bytes"]).decode(errors="replace")


def _merges(ranks: Mapping[bytes, int]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the pairs that make each token, those of lower ranks first."""
    for token in ranks:
        halves = ((token[:at], token[at:]) for at in range(1, len(token)))
        pairs = [(left, right) for left, right in halves if left in ranks and right in ranks]
        yield from sorted(pairs, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))
