"""Prompts with pictures are read as transformers' whole Qwen2.5-VL reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.fill import fill, open_weights
from diffusion.checkpoints.header import read_header
from diffusion.quantize import Precision
from diffusion.text.chat_reader import ChatReader
from diffusion.text.picture_patches import fitting_size, patches_of
from diffusion.text.picture_reader import PICTURE, PictureReader
from diffusion.text.vocabularies import load_tokenizer
from tests.tiny_checkpoint import write_state
from tests.tiny_qwen_image import text_state, tiny_text

PLAIN = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
SHOWN = "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>{}<|im_end|>\n<|im_start|>assistant\n"
TWO = "Picture 1: <|vision_start|><|image_pad|><|vision_end|>Picture 2: <|vision_start|><|image_pad|><|vision_end|>"


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    return PictureReader(ChatReader(load_tokenizer("qwen"), PLAIN), SHOWN)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> nn.Module:
    path = write_state(tmp_path_factory.mktemp("qwen25") / "tiny.safetensors", text_state(tiny_text(), "model."))
    header = read_header(path)
    kind, encoder = encoder_alone(header)
    assert kind == "qwen25_7b"
    return fill(encoder.part, open_weights(header), Precision(), "cpu")


@pytest.fixture(scope="module")
def own(loaded: Any) -> Any:
    """Return the whole model of transformers with the same weights."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLModel

    config = Qwen2_5_VLConfig(text_config=loaded.config.to_dict(), vision_config=loaded.visual.config.to_dict())
    model = Qwen2_5_VLModel(config).eval()
    state = loaded.state_dict()
    visual = {name: tensor for name, tensor in state.items() if name.startswith("visual.")}
    text = {f"language_model.{name}": tensor for name, tensor in state.items() if name not in visual}
    model.load_state_dict(visual | text)
    return model


def picture(rows: int, columns: int) -> Tensor:
    return torch.rand(1, rows, columns, 3, generator=torch.Generator().manual_seed(rows))


@torch.no_grad()
def whole(own: Any, reader: PictureReader, template: str, text: str, pictures: list[Tensor]) -> Tensor:
    """Return what transformers gives, a `<|image_pad|>` for each token of a picture."""
    ids, seen = [], [patches_of(each, 14) for each in pictures]
    waiting = list(seen)
    for token in reader.chat.tokenizer.encode(template.replace("{}", text), add_special_tokens=False).ids:
        if token == PICTURE:
            patches = waiting.pop(0)
            ids += [PICTURE] * (patches.rows * patches.columns // 4)
        else:
            ids.append(token)
    tokens = torch.tensor([ids])
    result = own(
        input_ids=tokens,
        attention_mask=torch.ones_like(tokens),
        pixel_values=torch.cat([each.pixels for each in seen]),
        image_grid_thw=torch.tensor([[1, each.rows, each.columns] for each in seen]),
        mm_token_type_ids=(tokens == PICTURE).int(),
    )
    state: Tensor = result.last_hidden_state
    return state


def test_a_picture_is_read_in_its_template(own: Any, loaded: nn.Module, reader: PictureReader) -> None:
    shown = [picture(140, 252)]  # 5 x 9 tokens: windows of 4 x 4 are cut at the edges
    encoded = reader.read_shown(loaded, "make it night", shown)
    expected = whole(own, reader, SHOWN, "make it night", shown)
    torch.testing.assert_close(encoded.embedding, expected, atol=1e-4, rtol=1e-4)
    assert encoded.mask is not None
    assert encoded.mask.tolist() == [[1] * expected.shape[1]]


def test_several_pictures_are_read_where_the_prompt_names_them(
    own: Any, loaded: nn.Module, reader: PictureReader
) -> None:
    shown = [picture(56, 140), picture(84, 56)]
    encoded = reader.read_shown(loaded, TWO + "swap them", shown, template=PLAIN)
    expected = whole(own, reader, PLAIN, TWO + "swap them", shown)
    torch.testing.assert_close(encoded.embedding, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("computed", [torch.float32, torch.bfloat16])
def test_weights_in_8_bits_read_nearly_the_same(
    loaded: nn.Module, reader: PictureReader, tmp_path: Path, computed: torch.dtype
) -> None:
    header = read_header(write_state(tmp_path / "tiny.safetensors", text_state(tiny_text(), "model.")))
    part, precision = encoder_alone(header)[1].part, Precision(torch.float8_e4m3fn, computed)
    packed = fill(part, open_weights(header), precision, "cpu")
    exact, rounded = (reader.read_shown(each, "make it night", [picture(56, 56)]) for each in (loaded, packed))
    similar = torch.nn.functional.cosine_similarity(exact.embedding, rounded.embedding, dim=-1)
    assert not torch.equal(exact.embedding, rounded.embedding)
    assert similar.min() > 0.95


def test_without_pictures_a_prompt_is_read_as_usual(loaded: nn.Module, reader: PictureReader) -> None:
    assert torch.equal(reader.read_shown(loaded, "a cat", []).embedding, reader.chat.read(loaded, "a cat").embedding)


def test_a_prompt_may_bring_its_own_template(loaded: nn.Module, reader: PictureReader) -> None:
    framed = PLAIN.replace("{}", "a cat")
    assert torch.equal(reader.read(loaded, framed).embedding, reader.read(loaded, "a cat").embedding)


def test_patches_are_those_of_qwens_image_processor() -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    shade = (picture(84, 140)[0] * 255).round().to(torch.uint8)
    processed = Qwen2VLImageProcessorPil()(Image.fromarray(shade.numpy()), return_tensors="pt")
    patches = patches_of(shade.unsqueeze(0) / 255, 14)
    assert processed["image_grid_thw"].tolist() == [[1, patches.rows, patches.columns]]
    torch.testing.assert_close(patches.pixels, processed["pixel_values"].float(), atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("size", "fitted"), [((100, 200), (112, 196)), ((10, 20), (56, 84)), ((8000, 4000), (5068, 2520))]
)
def test_sizes_are_multiples_with_neither_too_few_pixels_nor_too_many(
    size: tuple[int, int], fitted: tuple[int, int]
) -> None:
    assert fitting_size(*size, 28) == fitted
