"""The tokenizers that come with the project: T5's, and Qwen's (2.5 and 3).

The files beside this module are Google's and Alibaba's (NOTICE.txt). Qwen's vocabulary is its bytes, then what each merge
makes, in the order of the merges; so the table of merges says it all.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from importlib.resources import files
from itertools import chain

from tokenizers import AddedToken, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from diffusion.text.tokenizer import byte_letters

# As Qwen2Tokenizer of transformers splits words.
QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# After the 151,643 tokens of the table, in this order; True for those that mark rather than say (Qwen2.5-VL, Qwen3).
QWEN_MARKS: Mapping[str, bool] = {
    **dict.fromkeys(
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>"), True
    ),
    **dict.fromkeys(("<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>"), True),
    **dict.fromkeys(("<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>"), True),
    **dict.fromkeys(("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"), False),
    **dict.fromkeys(("<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>"), False),
    **dict.fromkeys(("<think>", "</think>"), False),
}


def t5_tokenizer() -> Tokenizer:
    """Return T5's tokenizer: 32,100 pieces of SentencePiece."""
    return Tokenizer.from_buffer(_data("t5.json.gz"))


def qwen_tokenizer() -> Tokenizer:
    """Return Qwen's tokenizer; tokens of marks (`<|im_start|>`) are found in the text."""
    lines = _data("qwen.merges.txt.gz").decode().splitlines()
    merges = [(first, second) for first, second in (line.split(" ") for line in lines[1:])]
    words = chain(byte_letters().values(), map("".join, merges))
    tokenizer = Tokenizer(BPE({word: index for index, word in enumerate(words)}, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=marks) for text, marks in QWEN_MARKS.items()])
    return tokenizer


def _data(name: str) -> bytes:
    return gzip.decompress(files(__package__).joinpath(name).read_bytes())
