"""`comfy.model_management` speaks of this machine's device and moves what Weft's scheduler has loaded."""

from __future__ import annotations

import importlib
from typing import Any

import psutil
import pytest
import torch

from runtime.engine import Studio
from runtime.machine import LocalMachine


@pytest.fixture
def management(machine: LocalMachine) -> Any:
    """The module."""
    return importlib.import_module("comfy.model_management")


DEVICES = (
    "get_torch_device unet_offload_device text_encoder_device text_encoder_offload_device intermediate_device vae_device"
    " vae_offload_device"
)


@pytest.mark.parametrize("name", DEVICES.split())
def test_on_a_processor_everything_is_there(management: Any, name: str) -> None:
    assert getattr(management, name)() == torch.device("cpu")


def test_the_state_is_that_of_a_processor(management: Any) -> None:
    assert management.cpu_state is management.CPUState.CPU
    assert management.vram_state is management.VRAMState.DISABLED
    assert management.cpu_mode()
    assert not any((management.mps_mode(), management.is_nvidia(), management.is_amd(), management.is_intel_xpu()))
    assert management.get_all_torch_devices() == [torch.device("cpu")]
    assert management.get_all_torch_devices(exclude_current=True) == []
    assert management.get_torch_device_name(torch.device("cpu")) == "cpu"


@pytest.mark.parametrize("kind", ["cpu", "cuda", "mps", "xpu"])
def test_a_device_is_of_its_type_and_no_other(management: Any, kind: str) -> None:
    device = torch.device(kind)
    asked = {each for each in ("cpu", "cuda", "mps", "xpu") if getattr(management, f"is_device_{each}")(device)}
    assert asked == {kind}
    assert management.get_autocast_device(device) == kind


def test_words_of_widgets_lead_to_devices(management: Any) -> None:
    assert management.get_gpu_device_options() == ["default", "cpu"]
    assert management.get_gpu_device_options_no_cpu() == ["default"]
    assert management.resolve_gpu_device_option("cpu") == torch.device("cpu")
    assert management.resolve_gpu_device_option("gpu:0") == torch.device("cpu")
    for word in (None, "default", "gpu:1", "gpu:x", "0"):
        assert management.resolve_gpu_device_option(word) is None


def test_a_processor_computes_in_whole_precision(management: Any) -> None:
    device = torch.device("cpu")
    assert not management.should_use_fp16(device)
    assert not management.should_use_bf16()
    assert management.unet_dtype(device) is torch.float32
    assert management.vae_dtype(device, [torch.float16]) is torch.float32
    assert management.intermediate_dtype() is torch.float32
    assert management.text_encoder_dtype(device) is torch.float16
    assert management.unet_manual_cast(torch.float32, device) is None
    assert management.unet_manual_cast(torch.float16, device) is torch.float32
    assert management.pick_weight_dtype(torch.float32, torch.float16) is torch.float16
    assert management.pick_weight_dtype(None, torch.float16) is torch.float16
    assert management.dtype_size(torch.bfloat16) == 2


def test_memory_is_counted_in_bytes(management: Any, studio: Studio) -> None:
    total = psutil.virtual_memory().total
    assert management.get_total_memory() == total
    assert management.total_vram == pytest.approx(total / 2**20)
    assert 0 < management.get_free_memory() <= total
    assert management.get_free_memory(torch.device("cpu"), torch_free_too=True)[0] > 0
    assert management.module_size(torch.nn.Linear(3, 4)) == (3 * 4 + 4) * 4


def test_free_memory_is_what_the_budget_leaves(management: Any, studio: Studio) -> None:
    studio.memory.ledger.budget_bytes = 10**6
    assert management.get_free_memory() == 10**6


def _load(checkpoint: str) -> None:
    nodes: Any = importlib.import_module("nodes")
    clip = nodes.CheckpointLoaderSimple().load_checkpoint(checkpoint)[1]
    nodes.CLIPTextEncode().encode(clip, "a cat")


def test_what_weft_loaded_is_named_and_goes_when_asked(management: Any, studio: Studio, checkpoint: str) -> None:
    _load(checkpoint)
    assert len(management.loaded_models()) == 1
    management.unload_all_models()
    assert management.loaded_models() == []
    assert studio.memory.ledger.used_bytes == 0


def test_room_is_made_only_where_it_is_wanting(management: Any, studio: Studio, checkpoint: str) -> None:
    _load(checkpoint)
    ledger = studio.memory.ledger
    used = ledger.used_bytes
    management.free_memory(1, torch.device("cpu"))
    assert ledger.used_bytes == used
    ledger.budget_bytes = used + 1000
    management.free_memory(1e30, torch.device("cpu"))
    assert ledger.used_bytes == 0


def test_a_model_of_a_pack_is_brought_to_its_device(management: Any) -> None:
    class Patcher:
        load_device = torch.device("cpu")
        brought: Any = None

        def model_size(self) -> int:
            return 10

        def patch_model(self, device_to: Any) -> None:
            self.brought = device_to

    patcher = Patcher()
    management.load_model_gpu(patcher)
    assert patcher.brought == torch.device("cpu")


def test_errors_of_memory_are_told_from_others(management: Any) -> None:
    assert management.is_oom(torch.OutOfMemoryError("CUDA out of memory"))
    assert not management.is_oom(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        management.raise_non_oom(ValueError("no"))


def test_what_does_nothing_on_a_processor_may_be_called(management: Any) -> None:
    management.soft_empty_cache()
    management.soft_empty_cache(True)
    management.synchronize()
    management.cleanup_models()
    assert management.debug_memory_summary() == ""
    assert management.current_stream(torch.device("cpu")) is None


def test_tensors_are_cast(management: Any) -> None:
    tensor = torch.ones(2)
    assert management.cast_to(tensor, torch.float16).dtype is torch.float16
    assert management.cast_to_device(tensor, torch.device("cpu"), torch.float64).dtype is torch.float64
    assert management.cast_to(None) is None
