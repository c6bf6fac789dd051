"""From handles to the tensors of a checkpoint file in the family's original layout, patches merged in.

checkpoint = merged_checkpoint(model, clip, vae)
save_file(checkpoint.tensors, path, checkpoint.metadata)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from diffusion.checkpoints.families import sd1
from diffusion.clip import Clip
from diffusion.errors import DiffusionError
from diffusion.models import Model, Vae
from diffusion.overlay import WeightPatch, patched
from diffusion.quantize import to_stored
from diffusion.streaming import Keeper, as_kept


class SavedCheckpoint(NamedTuple):
    """What a file holds."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def merged_checkpoint(model: Model, clip: Clip, vae: Vae) -> SavedCheckpoint:
    """Return the tensors of three networks, each patched and in the precision in which it is kept."""
    if model.family != sd1.FAMILY.name:
        raise DiffusionError(f"Checkpoints of the family {model.family} cannot be written; only those of SD1 can.")
    encoder = clip.encoders[0]
    state = sd1.to_original_keys(
        _merged(model.backbone, model.patches, model.keeper),
        _merged(vae.autoencoder, (), vae.keeper),
        _merged(encoder.module, encoder.patches, encoder.keeper),
    )
    is_v = model.parameterization.prediction == "v"
    marks = {sd1.V_MARK: torch.empty(0)} if is_v else {}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in (state | marks).items()}
    return SavedCheckpoint(tensors, {sd1.PREDICTION_KEY: "v" if is_v else "epsilon"})


def _merged(module: nn.Module, patches: Sequence[WeightPatch], keeper: Keeper | None) -> dict[str, Tensor]:
    """Return a network's tensors; one at a time is computed in float32."""
    changed = {name for patch in patches for name in patch.changes}
    weights = {name: as_kept(keeper, tensor) for name, tensor in module.state_dict().items()}
    return {
        name: to_stored(patched(name, tensor, patches), tensor.dtype) if name in changed else tensor
        for name, tensor in weights.items()
    }
