"""Pictures of more than eight bits, read back by other programs."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from diffusion.light import srgb_to_linear
from nodes.deep_pictures import exr, png16
from nodes.image_saving import Exr, ImageCompare, Png, SaveImageAdvanced
from nodes.pictures import PictureError
from tests.nodes.folder_host import FolderRun

TEXTS = {"prompt": '{"1": {}}', "workflow": "{}"}


def values(channels: int) -> np.ndarray:
    return np.random.default_rng(0).random((37, 23, channels), dtype=np.float32)


def decoded(content: bytes, form: str) -> np.ndarray:
    """Read a picture with ffmpeg."""
    with av.open(BytesIO(content), format="image2pipe" if content[:4] != b"\x76\x2f\x31\x01" else "exr_pipe") as file:
        return next(file.decode(video=0)).to_ndarray(format=form)


@pytest.mark.parametrize(("channels", "form"), [(1, "gray16le"), (3, "rgb48le"), (4, "rgba64le")])
def test_sixteen_bits_are_read_back_as_they_were(channels: int, form: str) -> None:
    levels = (values(channels) * 65535).astype(np.uint16)
    content = png16(levels, TEXTS)
    assert np.array_equal(decoded(content, form).reshape(levels.shape), levels)


def test_texts_of_any_letters_are_kept_in_a_deep_png() -> None:
    opened = Pillow.open(BytesIO(png16((values(3) * 65535).astype(np.uint16), TEXTS | {"note": "猫"})))
    assert opened.text == TEXTS | {"note": "猫"}


@pytest.mark.parametrize(("channels", "form"), [(1, "grayf32le"), (3, "gbrpf32le"), (4, "gbrapf32le")])
def test_light_is_read_back_as_it_was(channels: int, form: str) -> None:
    light = values(channels) * 20 - 1  # more than white, and less than black
    found = decoded(exr(light, TEXTS, "Rec.709"), form)
    assert np.array_equal(found.reshape(light.shape), light)


def test_an_exr_is_smaller_where_it_repeats_itself_and_has_texts() -> None:
    flat = np.full((64, 64, 3), 0.25, np.float32)
    content = exr(flat, TEXTS, "Rec.2020")
    assert len(content) < flat.nbytes / 10
    assert np.array_equal(decoded(content, "gbrpf32le"), flat)
    assert TEXTS["prompt"].encode() in content


@pytest.mark.parametrize(
    ("format", "name"),
    [
        (Png(), "a_00001.png"),
        (Png("16-bit"), "a_00001.png"),
        (Exr(), "a_00001.exr"),
        (Exr(input_color_space="HDR"), "a_00001.exr"),
    ],
)
def test_each_format_is_saved_and_shown(format: Png | Exr, name: str, tmp_path: Path) -> None:
    run = FolderRun(tmp_path)
    SaveImageAdvanced(torch.from_numpy(values(3)).unsqueeze(0), "a", format=format, run=run)
    assert run.shown == {"images": [{"filename": name, "subfolder": "", "type": "output"}]}
    assert (tmp_path / "output" / name).stat().st_size > 0


def test_an_exr_holds_the_light_of_an_srgb_picture(tmp_path: Path) -> None:
    image = torch.from_numpy(values(3)).unsqueeze(0)
    SaveImageAdvanced(image, "a", format=Exr(), run=FolderRun(tmp_path))
    found = decoded((tmp_path / "output/a_00001.exr").read_bytes(), "gbrpf32le")
    assert np.array_equal(found, srgb_to_linear(image)[0].numpy())


def test_other_numbers_of_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="2 channels"):
        SaveImageAdvanced(torch.zeros(1, 4, 4, 2), "a", format=Png(), run=FolderRun(tmp_path))


def test_two_images_are_shown_to_be_compared(tmp_path: Path) -> None:
    run = FolderRun(tmp_path)
    ImageCompare(image_a=torch.zeros(2, 4, 4, 3), run=run)
    assert [each["type"] for each in run.shown["a_images"]] == ["temp", "temp"]
    assert run.shown["b_images"] == []
