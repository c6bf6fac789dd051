"""Operators that change a model by a LoRA."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from diffusion.lora import apply_lora
from graph.run import Run
from graph.spec import node
from graph.widgets import File, Range
from nodes.host import host_of
from nodes.sockets import Clip, Model

LoraName = Annotated[str, File("loras")]
Strength = Annotated[float, Range(-100.0, 100.0, step=0.01)]


class ModelAndClip(NamedTuple):
    """A model and its text encoder."""

    MODEL: Model
    CLIP: Clip


@node(category="model/loaders", display_name="Load LoRA (Model and CLIP)")
def LoraLoader(
    model: Model,
    clip: Clip,
    lora_name: LoraName,
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    *,
    run: Run,
) -> ModelAndClip:
    """Change a model and its text encoder by a LoRA; several of them add up.

    lora_name: a file below models/loras.
    strength_model: how much of it the model gets; negative takes it away, 0 leaves the model as it is.
    strength_clip: how much of it the text encoder gets.
    """
    return ModelAndClip(*_patched(model, clip, lora_name, strength_model, strength_clip, run))


@node(category="model/loaders", display_name="Load LoRA")
def LoraLoaderModelOnly(model: Model, lora_name: LoraName, strength_model: Strength = 1.0, *, run: Run) -> Model:
    """Change a model by a LoRA and leave the text encoder out.

    lora_name: a file below models/loras.
    strength_model: how much of it the model gets; 0 leaves the model as it is.
    """
    return _patched(model, None, lora_name, strength_model, 0.0, run)[0]


def _patched(
    model: Any, clip: Any, name: str, strength_model: float, strength_clip: float, run: Run
) -> tuple[Any, Any]:
    if strength_model == 0.0 and strength_clip == 0.0:
        return model, clip
    host = host_of(run)
    return apply_lora(host.load_lora(host.find_model("loras", name)), model, clip, strength_model, strength_clip)
