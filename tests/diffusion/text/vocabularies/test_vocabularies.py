"""Tokenizers of T5, Qwen and others: known ids, where they are looked for, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from diffusion.checkpoints.embedded import embedded_in, tokenizer_for
from diffusion.checkpoints.fill import open_weights
from diffusion.checkpoints.header import read_header
from diffusion.errors import CheckpointError, UnknownNameError
from diffusion.text.vocabularies import VOCABULARIES, load_tokenizer
from tests.diffusion.text.vocabularies.models import sentencepiece_model

T5_IDS = {  # from google/t5-v1_1-xxl
    "Hello world": [8774, 296],
    "a photo of  a cat, 4k\nnew line": [3, 9, 1202, 13, 3, 9, 1712, 6, 314, 157, 126, 689],
    "Ünïcode é ﬁ １２": [3, 14858, 29, 2, 4978, 3, 154, 361, 586],
    "": [],
}
QWEN_IDS = {  # from Qwen/Qwen2.5-VL-7B-Instruct and, for the last two marks, Qwen3
    "Hello world": [9707, 1879],
    "<|im_start|>user\na cat<|im_end|>\n": [151644, 872, 198, 64, 8251, 151645, 198],
    "<think>\n\n</think>": [151667, 271, 151668],
}


@pytest.mark.parametrize("text", T5_IDS)
def test_t5_gives_the_known_ids(text: str) -> None:
    tokenizer = load_tokenizer("t5")
    assert tokenizer.encode(text, add_special_tokens=False).ids == T5_IDS[text]
    assert tokenizer.encode(text).ids == [*T5_IDS[text], 1]


@pytest.mark.parametrize("text", QWEN_IDS)
def test_qwen_gives_the_known_ids(text: str) -> None:
    assert load_tokenizer("qwen").encode(text).ids == QWEN_IDS[text]


def test_a_bundled_tokenizer_is_read_once() -> None:
    assert load_tokenizer("t5") is load_tokenizer("t5")


def test_a_file_in_the_users_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "t5").mkdir()
    (tmp_path / "t5/spiece.model").write_bytes(
        sentencepiece_model([("<unk>", 0.0, 2), ("▁", -1.0, 1), ("cat", -1.0, 1)])
    )
    assert load_tokenizer("t5", folders=[tmp_path]).encode("cat").tokens == ["▁", "cat"]


def test_a_tokenizer_inside_the_encoders_file_is_found_under_any_prefix(tmp_path: Path) -> None:
    model = sentencepiece_model([("<unk>", 0.0, 2), ("▁", -1.0, 1), ("cat", -1.0, 1)])
    path = tmp_path / "umt5.safetensors"
    tensor = torch.frombuffer(bytearray(model), dtype=torch.uint8)
    save_file({"text_encoders.umt5.spiece_model": tensor, "spiece_model_width": torch.zeros(1)}, path)
    header = read_header(path)
    assert load_tokenizer("umt5", embedded=embedded_in(header), source=path.name).encode("cat").ids == [1, 2]


@pytest.mark.parametrize("place", ["text_encoders", "text_encoders/mine"])
def test_a_file_in_the_folder_of_tokenizers_is_found_for_an_encoder(place: str, tmp_path: Path) -> None:
    path = tmp_path / "models" / place / "umt5.safetensors"
    path.parent.mkdir(parents=True)
    save_file({"encoder.weight": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"spiece\.model"):
        tokenizer_for("umt5", open_weights(read_header(path)))
    (tmp_path / "models/tokenizers/umt5").mkdir(parents=True)
    model = sentencepiece_model([("<unk>", 0.0, 2), ("▁", -1.0, 1), ("cat", -1.0, 1)])
    (tmp_path / "models/tokenizers/umt5/spiece.model").write_bytes(model)
    assert tokenizer_for("umt5", open_weights(read_header(path))).encode("cat").ids == [1, 2]


@pytest.mark.parametrize("name", [name for name, each in VOCABULARIES.items() if each.bundled is None])
def test_a_missing_tokenizer_says_which_file_goes_where_and_what_fetches_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_tokenizer(name, folders=[tmp_path / "tokenizers"], source="encoder.safetensors")
    sentence = str(caught.value)
    assert sentence.startswith("encoder.safetensors: ")
    assert str(tmp_path / "tokenizers" / name) in sentence
    assert f"weft models get {VOCABULARIES[name].hub_file} --to tokenizers/{name}" in sentence
    assert "tokenizer.json or tokenizer.json" not in sentence


@pytest.mark.parametrize("file_name", ["tokenizer.json", "spiece.model", "tekken.json"])
def test_a_damaged_file_is_named(file_name: str, tmp_path: Path) -> None:
    path = tmp_path / "qwen" / file_name
    path.parent.mkdir()
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(CheckpointError, match=r"the tokenizer cannot be read") as caught:
        load_tokenizer("qwen", folders=[tmp_path])
    assert str(caught.value).startswith(str(path))


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="umt5"):
        load_tokenizer("umt")
