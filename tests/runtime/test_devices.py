"""Devices are found by name; another name is an error that says which there are."""

from __future__ import annotations

import pytest

from runtime.devices import DeviceError, best_device_name, open_device


def test_the_best_device_is_taken_if_none_is_named() -> None:
    assert open_device().torch_device.type == best_device_name()
    assert open_device("cpu").total_bytes > 0


@pytest.mark.parametrize("name", ["", "gpu", "meta", "xpu", "vulkan", "cpu:x", "cuda:99"])
def test_a_device_that_is_not_here_is_refused_by_name(name: str) -> None:
    with pytest.raises(DeviceError, match=rf'^"{name}" is not .*; use cpu'):
        open_device(name)
