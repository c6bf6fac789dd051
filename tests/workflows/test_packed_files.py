"""A workflow of networks from packed files of their own: GGUF, scaled 8-bit floats, a LoRA over them; beside unpacked ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffusion.checkpoints.families.sd1 import TEXT, UNET, VAE
from diffusion.checkpoints.networks.flux import flux_part
from diffusion.checkpoints.networks.t5 import t5_part
from graph.formats import to_api
from graph.workflow import Link, Node, Workflow
from runtime.engine import open_studio
from runtime.memory_settings import MemorySettings
from runtime.settings import Settings
from tests.packed_files import write_packed, write_packed_state
from tests.tiny_checkpoint import TinyNetworks, write_state, write_tiny_lora
from tests.tiny_flux import FLUX, T5, state_of, write_flux
from tests.workflows.test_flux import drawing as drawing_with_flux

PACKED = {"GGUF": ("unet.gguf", "Q8_0"), "NVFP4": ("unet.safetensors", "nvfp4"), "int8": ("unet.sft", "int8")}
FLUX_WIDE = FLUX._replace(context_width=64)  # so that rows take whole blocks
T5_WIDE = T5._replace(width=64, heads=4)
FAR = 1.0  # of 255, on average; the picture itself deviates by 37 from its mean


def models(base: Path, *kinds: str) -> list[Path]:
    folders = [base / "models" / kind for kind in kinds]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def write_parts(base: Path, unet: str, layout: str | None) -> None:
    """Write three networks into files of their own; layout: of the U-Net, the text encoder then has 8 bits."""
    unets, texts, vaes, loras = models(base, "diffusion_models", "text_encoders", "vae", "loras")
    state = TinyNetworks().original_state()
    for folder, name, prefix in (
        (unets, unet, UNET),
        (texts, "clip.safetensors", TEXT),
        (vaes, "vae.safetensors", VAE),
    ):
        part = {key.removeprefix(prefix): each for key, each in state.items() if key.startswith(prefix)}
        write_state(folder / name, part)
    write_tiny_lora(loras / "lora.safetensors")
    if layout is not None:
        write_packed(unets / unet, layout, prefix=UNET)
        write_packed(texts / "clip.safetensors", "fp8 scaled, old", prefix=TEXT)


def drawing(unet: str) -> Workflow:
    sampling = {"latent_image": Link("6", 0), "steps": 3, "cfg": 2.0, "seed": 5}
    return Workflow.of(
        Node("1", "UNETLoader", {"unet_name": unet}),
        Node("2", "CLIPLoader", {"clip_name": "clip.safetensors"}),
        Node("3", "VAELoader", {"vae_name": "vae.safetensors"}),
        Node(
            "4",
            "LoraLoader",
            {
                "model": Link("1", 0),
                "clip": Link("2", 0),
                "lora_name": "lora.safetensors",
                "strength_model": 0.5,
                "strength_clip": 1.0,
            },
        ),
        Node("5", "CLIPTextEncode", {"text": "a (red:1.2) house", "clip": Link("4", 1)}),
        Node("6", "EmptyLatent", {"width": 64, "height": 64}),
        Node("7", "KSampler", {"model": Link("4", 0), "positive": Link("5", 0), "negative": Link("5", 0), **sampling}),
        Node("8", "VAEDecode", {"samples": Link("7", 0), "vae": Link("3", 0)}),
        Node("9", "SaveImage", {"images": Link("8", 0), "filename_prefix": "drawn"}),
    )


def drawn(base: Path, unet: str, layout: str | None, budget: str | None = None) -> np.ndarray:
    write_parts(base, unet, layout)
    return picture(base, drawing(unet), budget)


def picture(base: Path, workflow: Workflow, budget: str | None = None) -> np.ndarray:
    memory = MemorySettings(budget=budget)
    with open_studio(Settings(base, device="cpu", memory=memory)) as studio:
        studio.engine.run(workflow, prompt=to_api(workflow))
    (path,) = (base / "output").rglob("*.png")
    return np.asarray(Image.open(path)).astype(np.float64)


@pytest.mark.parametrize("name", PACKED)
def test_a_picture_of_packed_networks_is_near_that_of_plain_ones(tmp_path: Path, name: str) -> None:
    unet, layout = PACKED[name]
    expected = drawn(tmp_path / "plain", "unet.safetensors", None)
    found = drawn(tmp_path / "packed", unet, layout)
    assert 0 < np.abs(found - expected).mean() < FAR
    assert np.array_equal(drawn(tmp_path / "little", unet, layout, budget="3 MB"), found)


def write_packed_flux(base: Path, layout: str | None) -> None:
    """Write Flux with blocks that are packed, in the transformer and in T5, or plain; content tells what the files are."""
    write_flux(base / "models", FLUX_WIDE)
    parts = {"diffusion_models/flux": flux_part(FLUX_WIDE, ""), "text_encoders/t5xxl": t5_part(T5_WIDE, "")}
    for name, part in parts.items():
        path, state = base / "models" / f"{name}.safetensors", state_of(part)
        linear = {key for key, each in state.items() if each.ndim == 2 and "block" in key and "bias" not in key}
        assert len(linear) > 5
        write_state(path, state) if layout is None else write_packed_state(path, layout, state, linear)


@pytest.mark.parametrize("layout", ["fp8 scaled, old", "int8", "nvfp4", "Q8_0"])
def test_a_network_with_fused_projections_draws_from_packed_files(tmp_path: Path, layout: str) -> None:
    for base, packed in ((tmp_path / "plain", None), (tmp_path / "packed", layout)):
        write_packed_flux(base, packed)
    workflow = drawing_with_flux(edits=False)
    expected, found = (picture(tmp_path / folder, workflow) for folder in ("plain", "packed"))
    assert 0 < np.abs(found - expected).mean() < FAR
