"""Networks that read pictures: every layout is the network of transformers, and pictures are prepared as for ComfyUI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from diffusion.checkpoints.header import header_of
from diffusion.checkpoints.networks.clip_vision import (
    VisionLayout,
    VisionSizes,
    build_vision,
    read_vision,
    vision_keys,
)
from diffusion.clip_vision import fit_square, load_clip_vision, normalized
from diffusion.errors import CheckpointError, DiffusionError
from tests.diffusion.checkpoints.written import original_state
from tests.tiny_checkpoint import write_state

CLIP = VisionSizes(width=64, inner_width=96, layers=3, patch=14, image=28, projection=24, is_siglip=False)
SIGLIP = CLIP._replace(projection=0, is_siglip=True)
OWN, OPEN_CLIP, BARE = VisionLayout("vision_model.", False), VisionLayout("visual.", True), VisionLayout("", True)


def filled(sizes: VisionSizes) -> Any:
    module: nn.Module = build_vision(sizes)
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    return module.eval().requires_grad_(False)


def write(path: Path, module: nn.Module, sizes: VisionSizes, layout: VisionLayout) -> Path:
    state = original_state([(module, vision_keys(module, sizes, layout))])
    return write_state(path, state)


@pytest.mark.parametrize(
    ("sizes", "layout"),
    [(CLIP, OWN), (CLIP, OPEN_CLIP), (CLIP, BARE), (CLIP._replace(projection=0), OWN), (CLIP._replace(layers=26), OWN)],
)
def test_what_clip_sees_is_what_transformers_gives(tmp_path: Path, sizes: VisionSizes, layout: VisionLayout) -> None:
    own = filled(sizes)
    vision = load_clip_vision(write(tmp_path / "clip.safetensors", own, sizes, layout))
    assert (vision.image_size, vision.is_siglip) == (28, False)
    assert vision.network.config.hidden_act == ("gelu" if sizes.layers == 26 else "quick_gelu")
    image = torch.rand(2, 28, 28, 3)
    seen = vision.encode_image(image)
    pixels = (image.movedim(-1, 1) * 255).round() / 255
    given = normalized(pixels, (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
    expected = own(given, output_hidden_states=True)
    torch.testing.assert_close(seen.image_embeds, expected.image_embeds, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen.last_hidden_state, expected.last_hidden_state, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen["penultimate_hidden_states"], expected.hidden_states[-2], atol=1e-5, rtol=1e-5)


def test_what_siglip_sees_is_what_transformers_gives(tmp_path: Path) -> None:
    own = filled(SIGLIP)
    vision = load_clip_vision(write(tmp_path / "siglip.safetensors", own, SIGLIP, OWN))
    image = torch.ones(1, 28, 28, 3)
    expected = own(torch.ones(1, 3, 28, 28), output_hidden_states=True)  # 1 is (1 - 0.5) / 0.5
    seen = vision.encode_image(image)
    torch.testing.assert_close(seen.last_hidden_state, expected.last_hidden_state, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(seen.penultimate_hidden_states, expected.hidden_states[-2], atol=1e-5, rtol=1e-5)
    assert torch.equal(seen.image_embeds, seen.last_hidden_state)


KNOWN = {  # of the files that there are: sizes, and how many tensors the network has
    "clip_vision_h": (VisionSizes(1280, 5120, 32, 14, 224, 1024, is_siglip=False), 520),
    "clip_vision_l_336": (VisionSizes(1024, 4096, 24, 14, 336, 768, is_siglip=False), 392),
    "sigclip_vision_patch14_384": (VisionSizes(1152, 4304, 27, 14, 384, 0, is_siglip=True), 437),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_well_known_sizes_are_read_from_headers(name: str) -> None:
    sizes, tensors = KNOWN[name]
    with torch.device("meta"):
        module = build_vision(sizes)
    keys = vision_keys(module, sizes, OWN)
    shapes = {str(keys[own]): ("F16", tuple(tensor.shape)) for own, tensor in module.state_dict().items()}
    assert len(shapes) == tensors
    assert read_vision(header_of(Path(f"{name}.safetensors"), shapes)) == (sizes, OWN)


def test_a_picture_is_cut_around_its_middle_or_squeezed() -> None:
    wide = torch.zeros(1, 28, 84, 3)
    wide[:, :, 28:56] = 1.0
    assert fit_square(wide, 28, is_cut=True).unique().tolist() == [1.0]
    squeezed = fit_square(wide, 28, is_cut=False)
    assert squeezed.shape == (1, 3, 28, 28)
    assert squeezed.unique().tolist() != [1.0]


def test_a_picture_of_one_channel_is_refused() -> None:
    with pytest.raises(DiffusionError, match="1 channels"):
        fit_square(torch.zeros(1, 28, 28, 1), 28, is_cut=True)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no network that reads pictures.*Seen: 1 tensors, such as a"):
        load_clip_vision(write_state(tmp_path / "other.safetensors", {"a": torch.zeros(1)}))
    naflex = {
        "vision_model.embeddings.patch_embedding.weight": torch.zeros(4, 4),
        "vision_model.encoder.layers.0.mlp.fc1.weight": torch.zeros(4, 4),
    }
    with pytest.raises(CheckpointError, match="SigLIP 2"):
        load_clip_vision(write_state(tmp_path / "naflex.safetensors", naflex))
