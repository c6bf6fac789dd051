"""What is remembered of workspaces, and that measuring changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.models import Model, Vae
from runtime.workspace import Need, PeakMeter, Workspaces, need_of

NEED = Need("UNet", "denoise", "float32", 1000)


def test_a_measured_workspace_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "below" / "workspaces.json"
    Workspaces(path).record(NEED, 123)
    again = Workspaces(path)
    assert again.is_known(NEED)
    assert again.estimate(NEED) == again.largest(NEED) == 123
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_larger_number_counts_and_is_raised_when_memory_was_short() -> None:
    workspaces = Workspaces()
    workspaces.record(NEED, 100)
    workspaces.record(NEED, 60)
    assert workspaces.estimate(NEED) == 100
    workspaces.raise_record(NEED)
    assert workspaces.estimate(NEED) == 150


def test_another_size_is_estimated_in_proportion() -> None:
    workspaces = Workspaces()
    workspaces.record(NEED, 100)
    assert workspaces.estimate(NEED._replace(elements=4000)) == pytest.approx(400, rel=0.2)
    assert not workspaces.is_known(NEED._replace(elements=4000))
    assert not workspaces.is_known(NEED._replace(precision="float16"))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 3}', '{"a": {"b": 1}}'])
def test_a_damaged_file_counts_as_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "workspaces.json"
    path.write_text(text)
    workspaces = Workspaces(path)
    workspaces.record(NEED, 5)
    assert Workspaces(path).estimate(NEED) == 5


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    workspaces = Workspaces(tmp_path / "file" / "workspaces.json")
    workspaces.record(NEED, 5)
    assert workspaces.estimate(NEED) == 5


def test_the_peak_counts_what_lives_at_once() -> None:
    x = torch.zeros(1000)
    with PeakMeter() as meter:
        y = x + 1  # 4 kB
        y = y + 1  # another 4 kB while the first still lives
        del y
        _ = x + 1
        _ = x.view(10, 100)  # no bytes of its own
    assert meter.peak_bytes == 8000


def test_measuring_changes_no_bit(tiny_model: Model, tiny_vae: Vae) -> None:
    torch.manual_seed(0)
    x, context = torch.randn(2, 4, 8, 8), torch.randn(2, 7, 32)
    works = (
        lambda: tiny_model.apply(x, torch.tensor([3.0, 3.0]), context),
        lambda: tiny_vae.autoencoder.decode(x, return_dict=False)[0],  # type: ignore[operator]
    )
    for work in works:
        with torch.no_grad():
            plain = work()
            with PeakMeter() as meter:
                measured = work()
        assert torch.equal(plain, measured)
        assert meter.peak_bytes > measured.nbytes


def test_a_need_is_known_by_shape_and_precision() -> None:
    assert need_of("UNet", "denoise", "float16", (2, 4, 8, 8)) == Need("UNet", "denoise", "float16", 512)
