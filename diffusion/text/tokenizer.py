"""CLIP's tokenizer, offline: the merges table is a file of this package.

    tokenizer = ClipTokenizer()
    tokenizer.encode("a photo of a cat")  # [320, 1125, 539, 320, 2368]
    tokenizer.pad(tokenizer.encode("a photo of a cat"))  # 77 ids with start, end and padding

Byte-pair encoding over bytes (Radford et al. 2021); the ids are those of OpenAI's CLIP
and of transformers' CLIPTokenizer.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from importlib.resources import files
from itertools import chain

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

START, END = 49_406, 49_407
CHUNK_LENGTH = 77  # positions of the text encoder, start and end included
START_TEXT, END_TEXT = "<|startoftext|>", "<|endoftext|>"
MERGES_FILE = "bpe_simple_vocab_16e6.txt.gz"
MERGES = 49_152 - 256 - 2  # of the file's lines; the rest was never used (openai/CLIP, simple_tokenizer.py)
WORDS = (
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d"
    r"|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
)


class ClipTokenizer:
    """Turns text into CLIP's token ids. Building one reads the merges table (about 0.1 s); keep it."""

    def __init__(self) -> None:
        self._tokenizer = _build()

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text, without start and end, of any length."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def pad(self, ids: Sequence[int]) -> list[int]:
        """Return 77 ids: start, as many ids as fit, end, and more ends as padding."""
        kept = [START, *ids[: CHUNK_LENGTH - 2], END]
        return kept + [END] * (CHUNK_LENGTH - len(kept))

    def text_of(self, token: int) -> str:
        """Return a token as the vocabulary has it (`cat</w>` ends a word)."""
        return self._tokenizer.id_to_token(token) or ""


def _build() -> Tokenizer:
    merges = _read_merges()
    letters = tuple(byte_letters().values())
    words = chain(letters, (letter + "</w>" for letter in letters), map("".join, merges), (START_TEXT, END_TEXT))
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(
        BPE(vocabulary, merges, unk_token=END_TEXT, continuing_subword_prefix="", end_of_word_suffix="</w>")
    )
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True) for text in (START_TEXT, END_TEXT)])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def _read_merges() -> list[tuple[str, str]]:
    lines = gzip.decompress(files(__package__).joinpath(MERGES_FILE).read_bytes()).decode().split("\n")
    pairs = (line.split() for line in lines[1 : MERGES + 1])
    return [(first, second) for first, second in pairs]


def byte_letters() -> dict[int, str]:
    """Return the letter that stands for each byte, in the order of the vocabulary: printable ones first (GPT-2)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = (byte for byte in range(256) if byte not in printable)
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + index) for index, byte in enumerate(others)}
