"""Operators for models that edit pictures, and for Flux: what they take beside the prompt."""

from __future__ import annotations

from typing import Annotated

from diffusion import conditioning as prompts
from diffusion import resizing
from diffusion.flux2 import keeping_references
from graph.annotations import Options
from graph.spec import node
from graph.widgets import Choice, Range
from nodes.sockets import Conditioning, Image, Latent, Model

GuidanceScale = Annotated[float, Range(0.0, 100.0, step=0.1)]
METHODS = ("offset", "index", "uxo/uno", "index_timestep_zero")
SHORT_METHODS = {"uxo/uno": "uxo"}  # as networks are told


@node(category="model/conditioning/flux")
def FluxGuidance(conditioning: Conditioning, guidance: GuidanceScale = 3.5) -> Conditioning:
    """Tell a distilled model how strongly to follow the prompt.

    guidance: the strength of guidance that the model imitates.
    """
    return prompts.with_extras(conditioning, guidance=guidance)


@node(category="model/conditioning/flux")
def FluxDisableGuidance(conditioning: Conditioning) -> Conditioning:
    """Tell a distilled model no strength of guidance at all."""
    return prompts.with_extras(conditioning, guidance=None)


@node(category="model/conditioning", display_name="Set Reference Latent")
def ReferenceLatent(conditioning: Conditioning, latent: Latent | None = None) -> Conditioning:
    """Give an editing model a picture to work from; several in a row are several pictures.

    latent: the picture, encoded by the VAE.
    """
    return conditioning if latent is None else prompts.append_extra(conditioning, "reference_latents", latent.samples)


@node(category="model/conditioning/flux", display_name="Edit Model Reference Method", experimental=True)
def FluxKontextMultiReferenceLatentMethod(
    conditioning: Conditioning,
    reference_latents_method: Annotated[str, Choice(METHODS), Options(advanced=True)] = "offset",
) -> Conditioning:
    """Choose how an editing model tells several reference pictures apart.

    reference_latents_method: by their place in one plane, by an index, or as UXO and UNO do.
    """
    method = SHORT_METHODS.get(reference_latents_method, reference_latents_method)
    return prompts.with_extras(conditioning, reference_latents_method=method)


@node(category="model/conditioning/flux")
def FluxKontextImageScale(image: Image) -> Image:
    """Resize and cut an image to the size nearest to it that Flux Kontext knows."""
    return resizing.resized(image, resizing.kontext_size(resizing.size_of(image)), "lanczos", "center")


@node(category="experimental", display_name="Flux KV Cache", experimental=True)
def FluxKVCache(model: Model) -> Model:
    """Let a model of Flux.2 look at reference pictures in the first step only, which is faster; later steps remember them.

    model: one that was trained for it (klein KV); references are told to it as free of noise.
    """
    return keeping_references(model)
