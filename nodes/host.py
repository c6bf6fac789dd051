"""Host: what nodes need of the machine around them: folders, loaded models, names for saved files.

    path = host_of(run).find_model("checkpoints", "weft-demo.safetensors")

The runtime implements it and lends it to a run; tests bring their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from graph.run import Run


@dataclass(frozen=True)
class SavePath:
    """Where the next file of a prefix goes: `folder/stem_00001_.png` and on."""

    folder: Path  # exists or can be made; below the root of its type
    stem: str
    counter: int  # the first number that is free
    subfolder: str  # from the root to the folder, "" for the root itself, with "/" on every system
    type: str  # "output" or "temp", as clients name the roots


class Host(Protocol):
    """The machine, as nodes see it. Every error is a sentence that names the folder and the nearest file."""

    def find_model(self, folder: str, name: str) -> Path:
        """Return the file `name` below the model folders of that kind ("checkpoints", "vae", "embeddings" …)."""
        ...

    def input_path(self, name: str) -> Path:
        """Return an existing file of the input folder; "name [output]" and "name [temp]" reach the other roots.

        A name that leaves its root is refused.
        """
        ...

    def output_path(self, filename_prefix: str, width: int, height: int, *, temporary: bool = False) -> SavePath:
        """Return where files of a prefix go (see nodes.file_names.plan_save, which does the work for a root)."""
        ...

    def load_checkpoint(self, path: Path) -> Any:
        """Return diffusion.checkpoints' Checkpoint of a file, the same object while the file is unchanged."""
        ...

    def load_diffusion_model(self, path: Path, weights: Any = None) -> Any:
        """Return the Model of a file, the same object while the file is unchanged; weights: the dtype they are kept in."""
        ...

    def load_clip(self, paths: Sequence[Path], clip_type: str, *, on_cpu: bool = False) -> Any:
        """Return the Clip of some text encoders' files (diffusion.checkpoints), the same object while they are unchanged."""
        ...

    def load_vae(self, path: Path) -> Any:
        """Return the Vae of a file, the same object while the file is unchanged."""
        ...

    def load_lora(self, path: Path) -> Any:
        """Return diffusion.lora's LoraFile of a file, the same object while the file is unchanged."""
        ...

    @property
    def preview_method(self) -> str:
        """How pictures of work in progress are made ("auto", "taesd" …)."""
        ...

    def load_tiny_vae(self, name: str) -> Any:
        """Return the Vae of a tiny autoencoder by its name ("taesd" …)."""
        ...

    def load_tiny_decoder(self, name: str) -> Any:
        """Return a Vae that only decodes, latents in the model's scale, for previews; None if its file is not there."""
        ...

    def load_control_net(self, path: Path, base: Any = None) -> Any:
        """Return diffusion.control's ControlNet of a file; base: a Model, for files that hold the difference to one."""
        ...

    def load_model_patch(self, path: Path) -> Any:
        """Return diffusion.control.model_patch's ModelPatch of a file, the same object while the file is unchanged."""
        ...

    def load_clip_vision(self, path: Path) -> Any:
        """Return diffusion.clip_vision's ClipVision of a file, the same object while the file is unchanged."""
        ...

    def load_style_model(self, path: Path) -> Any:
        """Return diffusion.style_model's StyleModel of a file, the same object while the file is unchanged."""
        ...

    def load_ip_adapter(self, path: Path) -> Any:
        """Return diffusion.ip_adapter's IPAdapter of a file, the same object while the file is unchanged."""
        ...

    def load_upscaler(self, path: Path) -> Any:
        """Return diffusion.upscalers' Upscaler of a file, the same object while the file is unchanged."""
        ...

    def metadata(self, run: Run) -> Mapping[str, str]:
        """Return the texts to write into a picture ("prompt", "workflow" …); empty if the user switched them off."""
        ...


def host_of(run: Run) -> Host:
    """Return the host of a run."""
    return run.resource(Host)  # type: ignore[type-abstract]  # a protocol is the key, not a class to build
