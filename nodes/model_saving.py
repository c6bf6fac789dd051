"""Operators that save models with all that was done to their weights: whole checkpoints, or one network in a file."""

from __future__ import annotations

import itertools
from typing import Annotated

from diffusion.checkpoints.save import SavedFile, merged_checkpoint, merged_texts, merged_vae
from graph.run import Run
from graph.spec import node
from graph.widgets import FilePrefix
from nodes.file_names import expand_node_values
from nodes.host import host_of
from nodes.new_files import write_new
from nodes.sockets import Clip, Model, Vae


@node(category="model/merging", display_name="Save Checkpoint", output=True)
def CheckpointSave(
    model: Model,
    clip: Clip,
    vae: Vae,
    filename_prefix: Annotated[str, FilePrefix()] = "checkpoints/ComfyUI",
    *,
    run: Run,
) -> None:
    """Save a checkpoint with all patches merged in, below the output folder.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd% or %KSampler.seed%.
    """
    _save(merged_checkpoint(model, clip, vae), filename_prefix, run)


@node(category="model/merging", output=True)
def ModelSave(
    model: Model, filename_prefix: Annotated[str, FilePrefix()] = "diffusion_models/ComfyUI", *, run: Run
) -> None:
    """Save the network that denoises with all patches merged in, below the output folder.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd% or %KSampler.seed%.
    """
    _save(merged_checkpoint(model), filename_prefix, run)


@node(category="model/merging", output=True)
def CLIPSave(clip: Clip, filename_prefix: Annotated[str, FilePrefix()] = "clip/ComfyUI", *, run: Run) -> None:
    """Save text encoders with all patches merged in, each in a file of its own, below the output folder.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd% or %KSampler.seed%; the name of the encoder is added.
    """
    for name, saved in merged_texts(clip).items():
        _save(saved, f"{filename_prefix}_{name}", run)


@node(category="model/merging", output=True)
def VAESave(vae: Vae, filename_prefix: Annotated[str, FilePrefix()] = "vae/ComfyUI_vae", *, run: Run) -> None:
    """Save a VAE, below the output folder.

    filename_prefix: may name a subfolder, and %date:yyyy-MM-dd% or %KSampler.seed%.
    """
    _save(merged_vae(vae), filename_prefix, run)


def _save(saved: SavedFile, filename_prefix: str, run: Run) -> None:
    """Write a file under the first name that is free."""
    from safetensors.torch import save_file

    host = host_of(run)
    place = host.output_path(expand_node_values(filename_prefix, run.prompt), 0, 0)
    metadata = {**saved.metadata, **host.metadata(run)}
    paths = (place.folder / f"{place.stem}_{counter:05}_.safetensors" for counter in itertools.count(place.counter))
    next(path for path in paths if write_new(path, lambda part: save_file(dict(saved.tensors), part, metadata)))
