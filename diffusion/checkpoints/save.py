"""From handles to the tensors of files in the family's original layout, patches merged in.

    checkpoint = merged_checkpoint(model, clip, vae)
    save_file(checkpoint.tensors, path, checkpoint.metadata)

Text encoders and VAEs lie where the family has them, wherever they came from. Each network is in the precision in which it is
kept; what is packed is unpacked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.detect import PREFIXES, known_families
from diffusion.checkpoints.families import sd1, sdxl
from diffusion.checkpoints.family import Family
from diffusion.checkpoints.networks.clip_text import text_keys
from diffusion.checkpoints.vaes import PREFIXES as VAE_PREFIXES
from diffusion.checkpoints.written import original_tensors, rooted
from diffusion.clip import CLIP_G, CLIP_H, CLIP_L, Clip, TextEncoder
from diffusion.errors import DiffusionError
from diffusion.handles import FileLayout
from diffusion.latent_kinds import architecture
from diffusion.levels import DiscreteLevels, LogarithmicLevels
from diffusion.models import Model, Vae
from diffusion.overlay import WeightPatch, patched
from diffusion.parameterization import Parameterization
from diffusion.quantize import to_stored
from diffusion.streaming import Keeper, as_kept

CLIPS: Mapping[str, str] = {
    CLIP_L: "clip_l",
    CLIP_G: "clip_g",
    CLIP_H: "clip_h",
}  # as files call them; others go by kind
TEXTS = "text_encoders"  # below which ComfyUI writes those that have no place of their own


class SavedFile(NamedTuple):
    """What a file holds."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def merged_checkpoint(model: Model, clip: Clip | None = None, vae: Vae | None = None) -> SavedFile:
    """Return a checkpoint of a diffusion network, with text encoders and a VAE if they are given."""
    family = next((each for each in known_families() if each.name == model.family), None)
    state = _layout(model.layout, f"a model of the family {model.family}").tensors(
        _merged(model.backbone, model.patches, model.keeper)
    )
    tensors = rooted(state, PREFIXES, sd1.UNET)
    for encoder in () if clip is None else clip.encoders:
        tensors |= _inside(family, encoder)
    if vae is not None:
        tensors |= rooted(merged_vae(vae).tensors, VAE_PREFIXES, sd1.VAE)
    predictions = {"v": "v", "eps": "epsilon"}
    said = predictions.get(model.parameterization.prediction)
    metadata = {} if said is None else dict.fromkeys(sd1.PREDICTION_KEYS, said)
    return SavedFile(_on_cpu(tensors | _marks(model.parameterization)), metadata)


def merged_texts(clip: Clip) -> Mapping[str, SavedFile]:
    """Return a file for each text encoder, by the name that it has in the names of such files."""
    return {_name(encoder): SavedFile(_on_cpu(_alone(encoder)), {}) for encoder in clip.encoders}


def merged_vae(vae: Vae) -> SavedFile:
    """Return the file of a VAE."""
    state = _layout(vae.layout, "this VAE").tensors(_merged(vae.autoencoder, (), vae.keeper))
    return SavedFile(_on_cpu(rooted(state, VAE_PREFIXES, "")), architecture(vae.latent_format.kinds))


def _inside(family: Family | None, encoder: TextEncoder) -> dict[str, Tensor]:
    """Return a text encoder as it lies in checkpoints of a family."""
    keys = None if family is None else family.written.get(encoder.kind)
    if keys is None:
        return rooted(_alone(encoder), (), f"{TEXTS}.{_name(encoder)}.transformer.")
    names = keys(encoder.module)
    state = _merged(encoder.module, encoder.patches, encoder.keeper)
    return original_tensors({name: tensor for name, tensor in state.items() if name in names}, names)


def _alone(encoder: TextEncoder) -> dict[str, Tensor]:
    """Return a text encoder as files of its own have it: in the layout of transformers."""
    state = _merged(encoder.module, encoder.patches, encoder.keeper)
    if encoder.kind in CLIPS:
        return original_tensors(state, text_keys(encoder.module, "text_model."))
    found = _layout(encoder.layout, f"the text encoder {encoder.kind}").tensors(state)
    return rooted(found, (f"{TEXTS}.{encoder.kind}.transformer.",), "")


def _name(encoder: TextEncoder) -> str:
    return CLIPS.get(encoder.kind, encoder.kind)


def _layout(layout: FileLayout | None, what: str) -> FileLayout:
    if layout is None:
        raise DiffusionError(f"{what[:1].upper()}{what[1:]} that came from no file cannot be written.")
    return layout


def _marks(parameterization: Parameterization) -> dict[str, Tensor]:
    """Return the tensors by which files say that their network predicts v, and over which levels."""
    levels = parameterization.levels
    if parameterization.prediction != "v":
        return {}
    if isinstance(levels, LogarithmicLevels):
        return {sdxl.EDM_MAX_KEY: torch.tensor(levels.high), sdxl.EDM_MIN_KEY: torch.tensor(levels.low)}
    is_zero = isinstance(levels, DiscreteLevels) and levels.zsnr
    return {name: torch.empty(0) for name in (sd1.V_MARK, *((sdxl.ZERO_SNR_KEY,) if is_zero else ()))}


def _on_cpu(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _merged(module: nn.Module, patches: Sequence[WeightPatch], keeper: Keeper | None) -> dict[str, Tensor]:
    """Return a network's tensors; one at a time is computed in float32."""
    changed = {name for patch in patches for name in patch.changes}
    weights = {name: as_kept(keeper, tensor) for name, tensor in module.state_dict().items()}
    return {
        name: to_stored(patched(name, tensor, patches), tensor.dtype) if name in changed else tensor
        for name, tensor in weights.items()
    }
