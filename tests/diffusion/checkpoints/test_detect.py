"""Detection by headers alone: every known file matches one family, others are explained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from diffusion.checkpoints.detect import PREFIXES, detect, known_families
from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.families.sd1 import TEXT as TEXT_PREFIX
from diffusion.checkpoints.families.sd1 import UNET as UNET_PREFIX
from diffusion.checkpoints.header import Header, TensorInfo, header_of
from diffusion.checkpoints.networks.clip_text import read_text
from diffusion.checkpoints.networks.kl_vae import read_vae
from diffusion.checkpoints.networks.unet import UnetSizes, read_unet
from diffusion.checkpoints.together import family_for, whole_of
from diffusion.errors import CheckpointError
from tests.diffusion.checkpoints.stripped import HEADERS, header
from tests.tiny_checkpoint import TEXT, UNET, VAE, TinyNetworks


def without(full: Header, *prefixes: str) -> Header:
    tensors = {key: info for key, info in full.tensors.items() if not key.startswith(prefixes)}
    return Header(full.path, tensors, full.metadata)


def with_shape(full: Header, key: str, *shape: int) -> Header:
    return Header(full.path, {**full.tensors, key: TensorInfo("F32", shape)}, full.metadata)


def refused(file: Header) -> str:
    """Return why a file is refused."""
    with pytest.raises(CheckpointError) as error:
        whole_of(file)
    return str(error.value)


def test_stable_diffusion_15_is_read_from_its_header() -> None:
    full = header("sd1/sd15")
    assert detect(full).family.name == "sd1"
    assert read_unet(full, UNET_PREFIX) == UnetSizes(4, 4, (320, 640, 1280, 1280), (1, 1, 1, 0), 1, 2, 768)
    assert read_vae(full, "first_stage_model.") == ((128, 256, 512, 512), 2, 4, True)
    assert read_text(full, TEXT_PREFIX) == (49408, 77, 768, 3072, 12, 0)
    parts = whole_of(full)
    assert parts.vae is not None
    assert list(parts.encoders) == ["l"]
    assert (parts.vae.latent_format.channels, parts.vae.latent_format.spatial_downscale) == (4, 8)
    parts = parts.backbone
    assert (parts.latent_format.channels, parts.latent_format.spatial_downscale) == (4, 8)


def test_small_relatives_are_the_same_family() -> None:
    state = TinyNetworks().original_state()
    tiny = header_of(Path("tiny"), {name: ("F32", tensor.shape) for name, tensor in state.items()})
    assert detect(tiny).family.name == "sd1"
    assert (read_unet(tiny, UNET_PREFIX), read_vae(tiny, "first_stage_model."), read_text(tiny, TEXT_PREFIX)) == (
        UNET,
        VAE,
        TEXT,
    )


def test_each_known_header_matches_its_own_family_or_none() -> None:
    for path in HEADERS.rglob("*.json"):
        own = [] if path.parent == HEADERS else [path.parent.name]
        file = header(path.relative_to(HEADERS).with_suffix("").as_posix())
        matching = [
            family.name
            for family in known_families()
            for prefix in PREFIXES
            if not family.signature.misfits(file, prefix)
        ]
        assert matching == own


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("svd", "Stable Video Diffusion"),
        ("lora", "models/loras"),
        ("vae", "VAELoader"),
    ],
)
def test_other_files_are_explained(name: str, said: str) -> None:
    message = refused(header(name))
    assert f"{name}.safetensors: no known family" in message
    assert said in message
    assert ("Nearest is " in message) is ("It looks like " not in message)


def test_an_empty_file_is_explained() -> None:
    assert "Seen: 0 tensors." in refused(header_of(Path("x"), {}))


def test_a_missing_part_of_the_network_is_named() -> None:
    assert "model.diffusion_model.time_embed.0.weight is missing" in refused(
        without(header("sd1/sd15"), "model.diffusion_model.time_embed.")
    )


def test_a_checkpoint_may_lack_its_vae_and_its_text_encoder() -> None:
    whole = whole_of(without(header("sd1/sd15"), "first_stage_model.", "cond_stage_model."))
    assert (whole.family.name, whole.encoders, whole.vae) == ("sd1", {}, None)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_network_is_found_under_every_prefix(prefix: str) -> None:
    full = header("sd1/sd15")
    tensors = {
        prefix + key.removeprefix(UNET_PREFIX): info
        for key, info in full.tensors.items()
        if key.startswith(UNET_PREFIX)
    }
    found = detect(Header(full.path, tensors))
    assert (found.family.name, found.prefix) == ("sd1", prefix)


def test_text_encoders_alone_are_told_by_their_sizes() -> None:
    small = header("sd1/sd15")
    tensors = {
        "text_model." + key.removeprefix(TEXT_PREFIX): info
        for key, info in small.tensors.items()
        if key.startswith(TEXT_PREFIX)
    }
    assert encoder_alone(Header(small.path, tensors))[0] == "l"
    large = header("sdxl/sdxl_base")
    beginning = "conditioner.embedders.1.model."
    tensors = {key.removeprefix(beginning): info for key, info in large.tensors.items() if key.startswith(beginning)}
    assert encoder_alone(Header(large.path, tensors))[0] == "g"


def test_no_other_file_is_taken_for_a_text_encoder() -> None:
    with pytest.raises(CheckpointError, match=r"no known text encoder .* Known: .*CLIP-G, .*CLIP-L"):
        encoder_alone(header("lora"))


def test_text_encoders_that_do_not_go_together_are_explained() -> None:
    assert family_for("stable_diffusion", [("a", "l")]).name == "sd1"
    assert family_for("sdxl", [("a", "l"), ("b", "g")]).name == "sdxl"
    assert family_for("sd1_has_no_such_type", [("b", "g"), ("a", "l")]).name == "sdxl"
    with pytest.raises(
        CheckpointError, match=r"a is CLIP-L, b is CLIP-L\. Stable Diffusion XL takes CLIP-L and CLIP-G"
    ):
        family_for("sdxl", [("a", "l"), ("b", "l")])


def test_parts_of_different_models_are_refused() -> None:
    text = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    assert "attends to vectors 768 wide, the text encoders make 512" in refused(
        with_shape(header("sd1/sd15"), text, 49408, 512)
    )
    assert "the VAE makes 16" in refused(
        with_shape(header("sd1/sd15"), "first_stage_model.decoder.conv_in.weight", 512, 16, 3, 3)
    )


def test_detection_needs_no_weights() -> None:
    """The networks of a header can be built without memory."""
    backbone = detect(header("sd1/sd15")).read(header("sd1/sd15"))
    with torch.device("meta"):
        assert sum(parameter.numel() for parameter in backbone.part.build().parameters()) == 859_520_964
