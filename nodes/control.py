"""Operators that let a picture steer what a model draws: ControlNets and T2I-Adapters."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from diffusion.control.chain import Control, apply_control
from diffusion.control.model_patch import Pictures, along
from diffusion.control.net import UNION_TYPES
from diffusion.resize import resize
from graph.run import Run
from graph.spec import node
from graph.widgets import Choice, File, Range
from nodes.host import host_of
from nodes.sockets import Conditioning, ControlNet, Image, Mask, Model, ModelPatch, Vae

FOLDER = "controlnet"
PATCH_FOLDER = "model_patches"
NetName = Annotated[str, File(FOLDER)]
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
PatchStrength = Annotated[float, Range(-10.0, 10.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]


class Steered(NamedTuple):
    """Both prompts, steered by the same picture."""

    positive: Conditioning
    negative: Conditioning


@node(category="model/loaders", display_name="Load ControlNet Model")
def ControlNetLoader(control_net_name: NetName, *, run: Run) -> ControlNet:
    """Load a ControlNet of Stable Diffusion 1, 2, XL or 3, Flux or Qwen-Image, or a T2I-Adapter.

    control_net_name: a file below models/controlnet or models/t2i_adapter.
    """
    host = host_of(run)
    return host.load_control_net(host.find_model(FOLDER, control_net_name))


@node(category="model/loaders", display_name="Load ControlNet Model (diff)")
def DiffControlNetLoader(model: Model, control_net_name: NetName, *, run: Run) -> ControlNet:
    """Load a ControlNet that is stored as the difference to a model; others load as they are.

    model: the model that it is the difference to.
    control_net_name: a file below models/controlnet.
    """
    host = host_of(run)
    return host.load_control_net(host.find_model(FOLDER, control_net_name), model)


@node(category="model/conditioning/controlnet", display_name="Apply ControlNet (DEPRECATED)", deprecated=True)
def ControlNetApply(
    conditioning: Conditioning, control_net: ControlNet, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Let a picture steer a prompt, and the negative prompt too, if nothing else steers that.

    image: prepared for the network, such as edges or depths.
    strength: how much it counts; 0 leaves the prompt as it is.
    """
    return apply_control(conditioning, control_net, image, strength, for_uncond=True)


@node(category="model/conditioning/controlnet", display_name="Apply ControlNet")
def ControlNetApplyAdvanced(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
    vae: Vae | None = None,
) -> Steered:
    """Let a picture steer both prompts; several of these nodes add up.

    image: prepared for the network, such as edges or depths.
    strength: how much it counts; 0 leaves the prompts as they are.
    start_percent: from which part of the sampling on it acts.
    end_percent: up to which part of the sampling it acts.
    vae: the model's, for networks that take latents: those of Flux, SD3 and Qwen-Image, not of Stable Diffusion 1, 2 and XL.
    """
    made: dict[Control | None, Control] = {}
    both = (
        apply_control(prompt, control_net, image, strength, start_percent, end_percent, vae=vae, made=made)
        for prompt in (positive, negative)
    )
    return Steered(*both)


@node(category="model/conditioning/controlnet", display_name="Apply Controlnet with VAE", deprecated=True)
def ControlNetApplySD3(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Steered:
    """Let a picture steer both prompts, as Apply ControlNet does with a VAE.

    vae: the model's.
    image: prepared for the network, such as edges or depths.
    strength: how much it counts; 0 leaves the prompts as they are.
    start_percent: from which part of the sampling on it acts.
    end_percent: up to which part of the sampling it acts.
    """
    return ControlNetApplyAdvanced(positive, negative, control_net, image, strength, start_percent, end_percent, vae)


@node(category="model/conditioning/controlnet", display_name="Apply ControlNet Inpainting (AliMama)")
def ControlNetInpaintingAliMamaApply(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNet,
    vae: Vae,
    image: Image,
    mask: Mask,
    strength: Strength = 1.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 1.0,
) -> Steered:
    """Let a network fill in a part of a picture; others than those for that are steered by all of the picture.

    vae: the model's.
    image: the whole picture.
    mask: the part to be painted.
    strength: how much it counts; 0 leaves the prompts as they are.
    start_percent: from which part of the sampling on it acts.
    end_percent: up to which part of the sampling it acts.
    """
    kept = None
    if control_net.traits.has_mask:
        kept = 1 - mask.reshape(-1, *mask.shape[-2:])
        planes = resize(kept.unsqueeze(1), image.shape[2], image.shape[1], "bilinear", crop="center").round()
        image = image * planes.movedim(1, -1)
    made: dict[Control | None, Control] = {}
    both = (
        apply_control(prompt, control_net, image, strength, start_percent, end_percent, vae=vae, mask=kept, made=made)
        for prompt in (positive, negative)
    )
    return Steered(*both)


@node(category="model/conditioning/controlnet", display_name="Set Union ControlNet Type")
def SetUnionControlNetType(
    control_net: ControlNet, type: Annotated[str, Choice(("auto", *UNION_TYPES))] = "auto"
) -> ControlNet:
    """Tell a union ControlNet what kind of picture it will get.

    type: auto leaves it open. Networks take it by its number in this list, which names the pictures of SDXL's; those of Flux
    have an order of their own.
    """
    return control_net.with_type(type)


@node(category="model/loaders", display_name="Load Model Patch", experimental=True)
def ModelPatchLoader(name: Annotated[str, File(PATCH_FOLDER)], *, run: Run) -> ModelPatch:
    """Load a network that goes along with a model: DiffSynth's ControlNets of Qwen-Image, Fun ControlNets of Z-Image.

    name: a file below models/model_patches.
    """
    host = host_of(run)
    return host.load_model_patch(host.find_model(PATCH_FOLDER, name))


@node(category="model/patch/qwen", display_name="Apply Qwen Image DiffSynth ControlNet", experimental=True)
def QwenImageDiffsynthControlnet(
    model: Model,
    model_patch: ModelPatch,
    vae: Vae,
    image: Image,
    strength: PatchStrength = 1.0,
    mask: Mask | None = None,
) -> Model:
    """Let a picture steer Qwen-Image or Z-Image by a network that goes along with it.

    vae: the model's.
    image: prepared for the network, such as edges or depths; the whole picture for one that fills in.
    strength: how much it counts.
    mask: the part to be painted, for networks that fill in; without it the whole picture stays.
    """
    return along(model, model_patch, Pictures(vae, image, _staying(mask)), strength)


@node(category="model/patch/z-image", display_name="Apply Z-Image Fun ControlNet", experimental=True)
def ZImageFunControlnet(
    model: Model,
    model_patch: ModelPatch,
    vae: Vae,
    strength: PatchStrength = 1.0,
    image: Image | None = None,
    inpaint_image: Image | None = None,
    mask: Mask | None = None,
) -> Model:
    """Let pictures steer Z-Image by a network that goes along with it.

    vae: the model's.
    strength: how much they count.
    image: prepared for the network, such as edges or depths; grey if it is left out.
    inpaint_image: what is to be filled in, for networks that do that.
    mask: the part to be painted.
    """
    return along(model, model_patch, Pictures(vae, image, _staying(mask), inpaint_image), strength)


def _staying(mask: Mask | None) -> Mask | None:
    """Return 1 where a picture stays."""
    return None if mask is None else 1 - mask.reshape(-1, *mask.shape[-2:])
