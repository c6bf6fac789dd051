"""Models from files, as packs load them through ComfyUI's modules."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import torch

from runtime.machine import LocalMachine
from tests.diffusion.control.nets import SD1, make_net, write_net


@pytest.fixture
def modules(machine: LocalMachine) -> Any:
    """Return comfy.sd and comfy.controlnet."""
    return importlib.import_module("comfy.sd"), importlib.import_module("comfy.controlnet")


def test_a_network_of_its_own_is_that_of_the_checkpoint(modules: Any, machine: LocalMachine, checkpoint: str) -> None:
    sd, _ = modules
    path = str(machine.folders.find_model("checkpoints", checkpoint))
    alone, (whole, *_) = sd.load_diffusion_model(path), sd.load_checkpoint_guess_config(path)
    assert type(alone) is type(whole)
    first, second = alone.model_state_dict(), whole.model_state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_control_net_is_loaded_and_applied(modules: Any, tmp_path: Path) -> None:
    _, controlnet = modules
    write_net(tmp_path / "edges.safetensors", make_net(SD1))
    net = controlnet.load_controlnet(str(tmp_path / "edges.safetensors"))
    applied = net.copy().set_cond_hint(torch.rand(1, 3, 64, 64), 0.5, (0.0, 0.5))
    assert (applied.strength, net.strength) == (0.5, 1.0)
