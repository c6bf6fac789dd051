"""Linear light: known points of the curves, and alpha that stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from diffusion.light import hlg_to_linear, srgb_to_linear


def test_known_points_of_srgb() -> None:
    light = srgb_to_linear(torch.tensor([[0.0, 0.5, 1.0]]))
    assert light[0].tolist() == pytest.approx([0.0, 0.21404, 1.0], abs=1e-5)


def test_known_points_of_hlg() -> None:
    light = hlg_to_linear(torch.tensor([[0.0, 0.5, 1.0]]))
    assert light[0].tolist() == pytest.approx([0.0, 1 / 12, 1.0], abs=1e-5)


@pytest.mark.parametrize("curve", [srgb_to_linear, hlg_to_linear])
def test_light_grows_with_the_signal_and_alpha_stays(curve: Callable[[torch.Tensor], torch.Tensor]) -> None:
    levels = torch.linspace(0, 1, 101)
    light = curve(levels.unsqueeze(-1).expand(-1, 4))
    assert light[:, 0].diff().gt(0).all()
    assert torch.equal(light[:, 3], levels)
