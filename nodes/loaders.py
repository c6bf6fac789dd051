"""Operators that load models from files."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import torch

from diffusion.errors import CheckpointError
from diffusion.handles import Absent
from diffusion.tiny_vae import TINY_VAES
from graph.annotations import Options
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File
from nodes.host import Host, host_of
from nodes.sockets import Clip, ClipVision, Model, Vae

WEIGHT_DTYPES = {  # ComfyUI's "fast" multiplies in fp8 on new GPUs; here all are unpacked
    "fp8_e4m3fn": torch.float8_e4m3fn,
    "fp8_e4m3fn_fast": torch.float8_e4m3fn,
    "fp8_e5m2": torch.float8_e5m2,
}
CLIP_TYPES = (  # ComfyUI 0.33's, so that workflows open; those of families that are not supported say so when they run
    "stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos", "lumina2", "wan",
    "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image", "flux2", "ovis", "longcat_image", "cogvideox",
    "lens", "pixeldit", "ideogram4", "boogu", "krea2", "joyimage", "mage", "minimax",
)  # fmt: skip
DUAL_CLIP_TYPES = (
    "sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image", "hunyuan_video_15", "kandinsky5",
    "kandinsky5_image", "ltxv", "newbie", "ace",
)  # fmt: skip

ON_CPU = "cpu"
TextEncoderFile = Annotated[str, File("text_encoders")]
ClipType = Annotated[str, Choice(CLIP_TYPES)]
DualClipType = Annotated[str, Choice(DUAL_CLIP_TYPES)]
ClipDevice = Annotated[str, Choice(("default", ON_CPU)), Options(advanced=True)]


class LoadedCheckpoint(NamedTuple):
    """The three networks of a checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae


@node(category="model/loaders", display_name="Load Checkpoint", aliases=("CheckpointLoaderSimple",))
def LoadCheckpoint(ckpt_name: Annotated[str, File("checkpoints")], *, run: Run) -> LoadedCheckpoint:
    """Load a checkpoint: the network that denoises, the text encoder and the VAE.

    ckpt_name: a file below models/checkpoints.
    """
    host = host_of(run)
    loaded = host.load_checkpoint(host.find_model("checkpoints", ckpt_name))
    return LoadedCheckpoint(
        loaded.model,
        loaded.found_clip or Absent(loaded.without_clip),
        loaded.found_vae or Absent(loaded.without_vae),
    )


class LoadedUnclipCheckpoint(NamedTuple):
    """The networks of an unCLIP checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae
    CLIP_VISION: ClipVision


@node(category="model/loaders", display_name="Load unCLIP Checkpoint")
def unCLIPCheckpointLoader(ckpt_name: Annotated[str, File("checkpoints")], *, run: Run) -> LoadedUnclipCheckpoint:
    """Load an unCLIP checkpoint, which has the network that reads pictures beside those of other checkpoints.

    ckpt_name: a file below models/checkpoints.
    """
    host = host_of(run)
    return LoadedUnclipCheckpoint(*LoadCheckpoint(ckpt_name, run=run), _vision_inside(host, ckpt_name))


def _vision_inside(host: Host, ckpt_name: str) -> Any:
    """Return the network of a checkpoint that reads pictures; where it is wanted, an error says what is wrong with it."""
    try:
        return host.load_clip_vision(host.find_model("checkpoints", ckpt_name))
    except CheckpointError as error:
        return Absent(f"{error} Take an unCLIP checkpoint, or load a network of its own with CLIPVisionLoader.")


@node(category="model/loaders", display_name="Load Diffusion Model")
def UNETLoader(
    unet_name: Annotated[str, File("diffusion_models")],
    weight_dtype: Annotated[str, Choice(("default", *WEIGHT_DTYPES)), Options(advanced=True)] = "default",
    *,
    run: Run,
) -> Model:
    """Load the network that denoises from a file of its own.

    unet_name: a file below models/diffusion_models.
    weight_dtype: how its weights are kept; fp8 needs half the memory of 16 bits and loses some precision.
    """
    host = host_of(run)
    return host.load_diffusion_model(host.find_model("diffusion_models", unet_name), WEIGHT_DTYPES.get(weight_dtype))


@node(category="model/loaders", display_name="Load CLIP")
def CLIPLoader(
    clip_name: TextEncoderFile, type: ClipType = "stable_diffusion", device: ClipDevice | None = "default", *, run: Run
) -> Clip:
    """Load a text encoder from a file of its own.

    clip_name: a file below models/text_encoders.
    type: the family of the diffusion model that is to use it.
    device: where it computes.
    """
    return _clip(run, type, device, clip_name)


@node(category="model/loaders", display_name="Load CLIP (Dual)")
def DualCLIPLoader(
    clip_name1: TextEncoderFile,
    clip_name2: TextEncoderFile,
    type: DualClipType = "sdxl",
    device: ClipDevice | None = "default",
    *,
    run: Run,
) -> Clip:
    """Load two text encoders that a family uses together, in any order: sdxl CLIP-L and CLIP-G, flux CLIP-L and T5-XXL.

    clip_name1: a file below models/text_encoders.
    clip_name2: a file below models/text_encoders.
    type: the family of the diffusion model that is to use them.
    device: where they compute.
    """
    return _clip(run, type, device, clip_name1, clip_name2)


@node(category="model/loaders", display_name="Load CLIP (Triple)")
def TripleCLIPLoader(
    clip_name1: TextEncoderFile, clip_name2: TextEncoderFile, clip_name3: TextEncoderFile, *, run: Run
) -> Clip:
    """Load three text encoders, in any order: CLIP-L, CLIP-G and T5-XXL of Stable Diffusion 3.

    clip_name1: a file below models/text_encoders.
    clip_name2: a file below models/text_encoders.
    clip_name3: a file below models/text_encoders.
    """
    return _clip(run, "sd3", "default", clip_name1, clip_name2, clip_name3)


@node(category="model/loaders", display_name="Load CLIP (Quadruple)")
def QuadrupleCLIPLoader(
    clip_name1: TextEncoderFile,
    clip_name2: TextEncoderFile,
    clip_name3: TextEncoderFile,
    clip_name4: TextEncoderFile,
    *,
    run: Run,
) -> Clip:
    """Load four text encoders that a family uses together, in any order.

    clip_name1: a file below models/text_encoders.
    clip_name2: a file below models/text_encoders.
    clip_name3: a file below models/text_encoders.
    clip_name4: a file below models/text_encoders.
    """
    return _clip(run, "hidream", "default", clip_name1, clip_name2, clip_name3, clip_name4)


def _clip(run: Run, clip_type: str, device: str | None, *names: str) -> Any:
    host = host_of(run)
    paths = [host.find_model("text_encoders", name) for name in names]
    return host.load_clip(paths, clip_type, on_cpu=device == ON_CPU)


@node(category="model/loaders", display_name="Load VAE")
def VAELoader(vae_name: Annotated[str, File("vae")], *, run: Run) -> Vae:
    """Load a VAE from a file of its own.

    vae_name: a file below models/vae, or a tiny VAE whose halves are in models/vae_approx.
    """
    host = host_of(run)
    if vae_name in TINY_VAES:
        return host.load_tiny_vae(vae_name)
    return host.load_vae(host.find_model("vae", vae_name))
