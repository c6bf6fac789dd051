"""SentencePiece models: T5's own, written as a model file, must tokenize as its tokenizer does."""

from __future__ import annotations

import base64
import json

import pytest

from diffusion.text.vocabularies import load_tokenizer
from diffusion.text.vocabularies.sentencepiece import sentencepiece_tokenizer
from tests.diffusion.text.vocabularies.models import sentencepiece_model

CONTROL = {"<pad>": 3, "</s>": 3, "<unk>": 2}


def test_t5_as_a_model_file_tokenizes_as_t5() -> None:
    t5 = load_tokenizer("t5")
    document = json.loads(t5.to_str())
    table = document["normalizer"]["normalizers"][0]["precompiled_charsmap"]
    pieces = [(text, score, CONTROL.get(text, 1)) for text, score in document["model"]["vocab"][:32_000]]
    tokenizer = sentencepiece_tokenizer(sentencepiece_model(pieces, table=base64.b64decode(table)))
    for text in ("Hello world", "  two  spaces\nand\tmore ", "Ünïcode é ﬁ １２ 日本語", "", "</s>x", "(red:1.2), 4k"):
        assert tokenizer.encode(text).ids == t5.encode(text, add_special_tokens=False).ids, text


def test_unknown_letters_become_their_bytes_where_the_model_says_so() -> None:
    pieces = [("<unk>", 0.0, 2), ("▁", -1.0, 1), *((f"<0x{byte:02X}>", -5.0, 6) for byte in range(256))]
    tokenizer = sentencepiece_tokenizer(sentencepiece_model(pieces, byte_fallback=True))
    assert tokenizer.encode("é").tokens == ["▁", "<0xC3>", "<0xA9>"]


def test_symbols_of_the_model_are_found_in_the_text() -> None:
    pieces = [("<unk>", 0.0, 2), ("▁", -1.0, 1), ("a", -1.0, 1), ("[[x]]", 0.0, 4)]
    assert sentencepiece_tokenizer(sentencepiece_model(pieces)).encode("a[[x]]a").tokens == ["▁", "a", "[[x]]", "a"]


def test_other_kinds_of_models_and_damage_are_refused() -> None:
    with pytest.raises(ValueError, match="another kind than Unigram"):
        sentencepiece_tokenizer(sentencepiece_model([("<unk>", 0.0, 2)], kind=2))
    whole = sentencepiece_model([("<unk>", 0.0, 2), ("▁", -1.0, 1)])
    with pytest.raises(ValueError, match="ends too soon"):
        sentencepiece_tokenizer(whole[:-3])
