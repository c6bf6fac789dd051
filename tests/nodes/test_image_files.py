"""Picture files: what is read, what is written, and what is said when neither works."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from graph.widgets import FilePrefix
from nodes.image_files import LoadImage, LoadImageMask, MaskPreview, PreviewImage, SaveImage
from nodes.pictures import PictureError, read_picture, write_png
from tests.nodes.folder_host import FolderRun

ORIENTATION = 0x0112  # EXIF tag
RED = torch.tensor([1.0, 0.0, 0.0])
ON_A_FULL_DISK = """  # files grow to 200 bytes only; in a process of its own, whose output must not be a file
import resource, sys
from pathlib import Path
import numpy as np
from nodes.pictures import PictureError, write_png
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
try:
    write_png(Path(sys.argv[1]), np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8), {})
except PictureError as error:
    print(error)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "input").mkdir()
    return tmp_path


def noise(batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 16, 24, 3, generator=torch.Generator().manual_seed(0))


def test_a_saved_picture_is_read_back(folder: Path) -> None:
    run = FolderRun(folder)
    SaveImage(noise(), "cat", run=run)
    picture = read_picture(folder / "output" / "cat_00001_.png")
    assert (picture.image - noise()).abs().max() < 1 / 255
    assert picture.mask.shape == (1, 64, 64)
    assert picture.mask.max() == 0
    assert run.shown == {"images": [{"filename": "cat_00001_.png", "subfolder": "", "type": "output"}]}


def test_files_of_a_batch_are_counted_on(folder: Path) -> None:
    for _ in range(2):
        SaveImage(noise(2), "sub/cat %width%x%height%", run=FolderRun(folder))
    names = sorted(path.name for path in (folder / "output" / "sub").iterdir())
    assert names == [f"cat 24x16_{number:05}_.png" for number in (1, 2, 3, 4)]


def test_a_number_of_the_batch_in_the_name_overwrites_nothing(folder: Path) -> None:
    for _ in range(2):
        SaveImage(noise(2), "cat %batch_num%", run=FolderRun(folder))
    names = [path.name for path in (folder / "output").iterdir()]
    assert len(names) == 4
    assert sum(name.startswith("cat 0_") for name in names) == 2


def test_a_prefix_may_name_inputs_of_nodes_and_the_date(folder: Path) -> None:
    prompt = {"3": {"class_type": "KSampler", "inputs": {"seed": 77}}}
    SaveImage(noise(), "%date:yyyy-MM-dd%/%KSampler.seed%", run=FolderRun(folder, prompt=prompt))
    assert (folder / "output" / "2026-03-04" / "77_00001_.png").is_file()


def test_texts_are_kept_inside_the_file(folder: Path) -> None:
    texts = {"prompt": '{"1": {}}', "workflow": '{"title": "Größe 猫"}'}
    SaveImage(noise(), run=FolderRun(folder, texts=texts))
    with Pillow.open(folder / "output" / "ComfyUI_00001_.png") as picture:
        assert picture.text == texts  # type: ignore[attr-defined]


@pytest.mark.parametrize("prefix", ["../cat", "/etc/cat", "a/../../cat"])
def test_a_prefix_that_leaves_the_folder_is_refused(folder: Path, prefix: str) -> None:
    with pytest.raises(ValueError, match="leads outside"):
        SaveImage(noise(), prefix, run=FolderRun(folder))
    assert [path.name for path in folder.iterdir()] == ["input"]


def test_a_folder_that_is_a_file_is_told_in_a_sentence(folder: Path) -> None:
    (folder / "output").write_text("not a folder")
    with pytest.raises(PictureError, match=r"output/cat_00001_\.png cannot be written \(.+\); a file has the name"):
        SaveImage(noise(), "cat", run=FolderRun(folder))


def test_a_name_that_is_too_long_is_told_in_a_sentence(folder: Path) -> None:
    with pytest.raises(PictureError, match=r"cannot be written \(.+\); use a shorter name\."):
        SaveImage(noise(), "x" * 300, run=FolderRun(folder))


def test_a_picture_that_came_in_the_meantime_is_not_overwritten(folder: Path) -> None:
    """Another process may take the name after it was seen to be free; then nothing is written."""
    path = folder / "cat.png"
    assert write_png(path, np.zeros((4, 4, 3), np.uint8), {})
    first = path.read_bytes()
    assert not write_png(path, np.ones((9, 9, 3), np.uint8), {})
    assert path.read_bytes() == first
    assert sorted(entry.name for entry in folder.iterdir()) == ["cat.png", "input"]


def test_many_writers_of_one_prefix_lose_no_picture(folder: Path) -> None:
    def write(index: int) -> None:
        SaveImage(torch.full((5, 8, 8, 3), index / 255), "cat", run=FolderRun(folder))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    shades = [round(float(read_picture(path).image.mean()) * 255) for path in (folder / "output").iterdir()]
    assert sorted(shades) == [shade for shade in range(8) for _ in range(5)]


def test_control_characters_in_a_prefix_become_lines(folder: Path) -> None:
    SaveImage(noise(), "a\0b\nc", run=FolderRun(folder))
    assert (folder / "output" / "a_b_c_00001_.png").is_file()


@pytest.mark.parametrize("prefix", ["../cat", "a/../../cat", "..", "a/..", "a\\..\\..\\x", "%KSampler.seed%/../../x"])
def test_a_prefix_that_climbs_out_is_refused_before_the_run(prefix: str) -> None:
    fault = FilePrefix().check(prefix)
    assert fault is not None
    assert "leads outside the output folder" in fault


@pytest.mark.parametrize("prefix", ["cat", "", ".", "a/b/../cat", "..cat", "%date:yyyy-MM-dd%/cat", "/tmp/cat"])
def test_other_prefixes_are_left_to_the_run(prefix: str) -> None:
    assert FilePrefix().check(prefix) is None


def test_a_full_disk_leaves_nothing_half_written(folder: Path) -> None:
    command = [sys.executable, "-c", ON_A_FULL_DISK, str(folder / "cat.png")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cat.png cannot be written" in told
    assert [path.name for path in folder.iterdir()] == ["input"]


def test_previews_are_temporary_and_never_share_a_name(folder: Path) -> None:
    runs = [FolderRun(folder), FolderRun(folder)]
    for run in runs:
        PreviewImage(noise(), run=run)
    first, second = (run.shown["images"][0] for run in runs)
    assert first["type"] == "temp"
    assert first["filename"] != second["filename"]
    assert (folder / "temp" / first["filename"]).is_file()


def test_a_mask_is_previewed_in_grey(folder: Path) -> None:
    run = FolderRun(folder)
    MaskPreview(torch.full((1, 4, 4), 0.5), run=run)
    picture = read_picture(folder / "temp" / run.shown["images"][0]["filename"])
    assert picture.image.unique().tolist() == pytest.approx([127 / 255])


def test_transparency_becomes_the_mask(folder: Path) -> None:
    pixels = np.zeros((4, 6, 4), np.uint8)
    pixels[..., 0] = 255
    pixels[:, :3, 3] = 255
    Pillow.fromarray(pixels).save(folder / "input" / "cat.png")
    loaded = LoadImage("cat.png", run=FolderRun(folder))
    assert torch.equal(loaded.IMAGE, RED.expand(1, 4, 6, 3))
    assert loaded.MASK[0, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert torch.equal(LoadImageMask("cat.png", "alpha", run=FolderRun(folder)), loaded.MASK)
    assert LoadImageMask("cat.png", "red", run=FolderRun(folder)).min() == 1.0


def test_a_transparent_colour_of_a_palette_becomes_the_mask(folder: Path) -> None:
    picture = Pillow.new("P", (4, 2), 1)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.putpixel((0, 0), 0)
    picture.save(folder / "cat.png", transparency=0)
    read = read_picture(folder / "cat.png")
    assert torch.equal(read.image[0, 1, 1], RED)
    assert read.mask[0].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("suffix", ["gif", "png"])
def test_a_palette_without_transparency_gives_a_black_mask_of_the_pictures_size(folder: Path, suffix: str) -> None:
    frames = [Pillow.new("RGB", (6, 4), colour).quantize() for colour in ("red", "lime")]
    more = {"save_all": True, "append_images": frames[1:]} if suffix == "gif" else {}
    frames[0].save(folder / f"cat.{suffix}", **more)
    assert torch.equal(read_picture(folder / f"cat.{suffix}").mask, torch.zeros(2 if more else 1, 4, 6))


def test_a_photo_is_turned_upright(folder: Path) -> None:
    picture = Pillow.new("RGB", (8, 4))
    exif = picture.getexif()
    exif[ORIENTATION] = 6  # to be turned a quarter clockwise
    picture.save(folder / "cat.jpg", exif=exif)
    assert read_picture(folder / "cat.jpg").image.shape == (1, 8, 4, 3)


def test_sixteen_bits_are_kept(folder: Path) -> None:
    Pillow.fromarray(np.array([[0, 1, 65535]], np.uint16)).save(folder / "cat.png")
    assert read_picture(folder / "cat.png").image[0, 0, :, 0].tolist() == pytest.approx([0, 1 / 65535, 1])


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_every_frame_becomes_an_image(folder: Path, suffix: str) -> None:
    frames = [Pillow.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    path = folder / f"cat.{suffix}"
    frames[0].save(path, save_all=True, append_images=frames[1:], **({"lossless": True} if suffix == "webp" else {}))
    read = read_picture(path)
    assert torch.allclose(read.image[:, 0, 0], torch.eye(3), atol=0.02)
    assert read.mask.shape[0] == 3


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F"])
def test_every_mode_of_colour_is_read(folder: Path, mode: str) -> None:
    Pillow.new(mode, (4, 2)).save(folder / "cat.tiff")
    assert read_picture(folder / "cat.tiff").image.shape == (1, 2, 4, 3)


def test_a_picture_of_too_many_pixels_is_refused_unread(folder: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    (folder / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    with pytest.raises(PictureError, match=r"bomb\.png is too large to be read \(.*3600000000 pixels"):
        read_picture(folder / "bomb.png")


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"GIF89a\x01"])
def test_what_is_no_picture_is_told_in_a_sentence(folder: Path, content: bytes) -> None:
    (folder / "cat.png").write_bytes(content)
    with pytest.raises(PictureError, match=r"cat\.png (is not a picture|cannot be read as a picture)"):
        read_picture(folder / "cat.png")


def test_a_cut_off_picture_is_told_in_a_sentence(folder: Path) -> None:
    SaveImage(noise(), "cat", run=FolderRun(folder))
    path = folder / "output" / "cat_00001_.png"
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(PictureError, match="cannot be read as a picture"):
        read_picture(path)
