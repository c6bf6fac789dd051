"""Operators that load models from files."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from diffusion.tiny_vae import TINY_VAES
from graph.run import Run
from graph.spec import node
from graph.widgets import File
from nodes.host import host_of
from nodes.sockets import Clip, Model, Vae


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
    return LoadedCheckpoint(loaded.model, loaded.clip, loaded.vae)


@node(category="model/loaders", display_name="Load VAE")
def VAELoader(vae_name: Annotated[str, File("vae")], *, run: Run) -> Vae:
    """Load a VAE from a file of its own.

    vae_name: a file below models/vae, or a tiny VAE whose halves are in models/vae_approx.
    """
    host = host_of(run)
    if vae_name in TINY_VAES:
        return host.load_tiny_vae(vae_name)
    return host.load_vae(host.find_model("vae", vae_name))
