"""Description: what a file of models is, in words and numbers; the kinds of files, and where each is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diffusion.checkpoints.header import Header

CHECKPOINT, NETWORK, TEXT_ENCODER, VAE, LORA = "checkpoint", "diffusion model", "text encoder", "VAE", "LoRA"
CONTROLNET, UPSCALER, VISION, EMBEDDING = "ControlNet", "upscaler", "CLIP vision", "embedding"
STYLE, TINY_VAE, PATCH = "style model", "half of a tiny VAE", "model patch"
IP_ADAPTER = "IP-Adapter"
PICKLED, UNKNOWN, DAMAGED = "pickle file", "unknown", "damaged"
SHARD, DIFFUSERS = "part of a model", "folder of diffusers"
FOLDERS: Mapping[str, str] = {  # the kind of models under which ComfyUI looks for each
    CHECKPOINT: "checkpoints",
    NETWORK: "diffusion_models",
    TEXT_ENCODER: "text_encoders",
    VAE: "vae",
    TINY_VAE: "vae_approx",
    LORA: "loras",
    CONTROLNET: "controlnet",
    PATCH: "model_patches",
    UPSCALER: "upscale_models",
    VISION: "clip_vision",
    STYLE: "style_models",
    IP_ADAPTER: "ipadapter",
    EMBEDDING: "embeddings",
}
ARCHITECTURE_KEYS = ("modelspec.architecture", "ss_base_model_version", "baseModel", "general.architecture")


@dataclass(frozen=True)
class Description:
    """What a file is.

    kind: one of the words above. title: its family, or "". networks: what a checkpoint holds. details: what else its names
    and sizes tell. note: what is wrong with it, or what to do with it.
    """

    kind: str
    title: str = ""
    networks: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    precision: str = ""
    parameters: int = 0
    nbytes: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def document(self) -> dict[str, Any]:
        """Return this as JSON has it."""
        return {
            "is": self.kind,
            "family": self.title,
            "networks": list(self.networks),
            "details": list(self.details),
            "precision": self.precision,
            "weights": self.parameters,
            "bytes": self.nbytes,
            "metadata": dict(self.metadata),
            "note": self.note,
        }

    @property
    def words(self) -> str:
        """Kind and family."""
        return f"{self.kind} of {self.title}" if self.title else self.kind

    @property
    def folder(self) -> str | None:
        """The kind of models under which such a file is looked for; None if that is not known."""
        return FOLDERS.get(self.kind)


def architecture_of(header: Header) -> str:
    """Return what the file's metadata say of the family of models that it belongs to."""
    return next((header.metadata[key] for key in ARCHITECTURE_KEYS if header.metadata.get(key)), "")
