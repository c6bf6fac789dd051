"""What the user chose is told in the words of ComfyUI's `args`."""

from pathlib import Path

from runtime.launch_values import launch_values
from runtime.memory_settings import MemorySettings, Residence
from runtime.precision import PrecisionSettings
from runtime.settings import CacheSettings, Settings


def test_choices_have_the_names_that_comfyui_gives_them() -> None:
    chosen = launch_values(
        Settings(
            Path("/base"),
            output=Path("/out"),
            device="cpu",
            write_metadata=False,
            cache=CacheSettings("lru", results=5),
            memory=MemorySettings(residence=Residence.LOW, reserve="1.5"),
            precision=PrecisionSettings(unet="float8_e4m3fn", text="float16", vae="bfloat16", cpu_vae=True),
        )
    )
    assert chosen == {
        "base_directory": "/base",
        "output_directory": "/out",
        "cpu": True,
        "disable_metadata": True,
        "cache_lru": 5,
        "lowvram": True,
        "reserve_vram": 1.5,
        "fp8_e4m3fn_unet": True,
        "fp16_text_enc": True,
        "bf16_vae": True,
        "cpu_vae": True,
    }


def test_what_was_not_chosen_is_left_to_defaults() -> None:
    assert launch_values(Settings(Path("/base"))) == {"base_directory": "/base"}


def test_one_precision_for_all_is_one_flag_that_means_two() -> None:
    chosen = launch_values(Settings(Path("/base"), precision=PrecisionSettings(all="float16")))
    assert chosen["force_fp16"] is chosen["fp16_unet"] is True
