"""What a file of models is, from its header alone: kind, family, networks, precision, number of weights, metadata.

    found = describe(path)
    found.kind, found.title     # "checkpoint", "Stable Diffusion XL"
    found.precision             # "F16, 3 % F32"

Nothing is refused: a file that is no model, or that is damaged, has a note which says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.encoders import encoder_alone, known_encoders
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.networks.clip_vision import find_layout
from diffusion.checkpoints.pickles import is_pickle
from diffusion.checkpoints.together import whole_of
from diffusion.checkpoints.vaes import find_vae
from diffusion.errors import CheckpointError

CHECKPOINT, NETWORK, TEXT_ENCODER, VAE, LORA = "checkpoint", "diffusion model", "text encoder", "VAE", "LoRA"
CONTROLNET, UPSCALER, VISION, EMBEDDING = "ControlNet", "upscaler", "CLIP vision", "embedding"
PICKLED, UNKNOWN, DAMAGED = "pickle file", "unknown", "damaged"
FOLDERS: Mapping[str, str] = {  # the kind of models under which ComfyUI looks for each
    CHECKPOINT: "checkpoints",
    NETWORK: "diffusion_models",
    TEXT_ENCODER: "text_encoders",
    VAE: "vae",
    LORA: "loras",
    CONTROLNET: "controlnet",
    UPSCALER: "upscale_models",
    VISION: "clip_vision",
    EMBEDDING: "embeddings",
}
LORA_MARKS = (".lora_down.", ".lora_up.", ".lora_A.", ".lora_B.", "_lora.down.", ".hada_w1_", ".lokr_w", ".oft_")
CONTROL_MARKS = ("control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks.", "controlnet_blocks.")
CONTROL_NAMES = ("input_hint_block.0.weight", "controlnet_x_embedder.weight", "control_type_proj.weight")
ADAPTER_NAMES = ("body.0.in_conv.weight", "adapter.body.0.in_conv.weight")  # T2I-Adapters, which load as ControlNets
UPSCALER_NAMES = ("body.0.rdb1.conv1.weight", "model.1.sub.0.RDB1.conv1.0.weight", "conv_first.weight")
VISION_MARKS = ("vision_model.encoder.layers.0.", "visual.transformer.resblocks.0.")
EMBEDDING_NAMES = frozenset({"emb_params", "clip_l", "clip_g", "t5xxl"})
ARCHITECTURE_KEYS = ("modelspec.architecture", "ss_base_model_version", "baseModel", "general.architecture")
LEAST_SHARE = 0.005  # of the weights: rarer precisions are not told


@dataclass(frozen=True)
class Description:
    """What a file is. kind: one of the words above; title: its family, or ""; networks: what a checkpoint holds."""

    kind: str
    title: str = ""
    networks: tuple[str, ...] = ()
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
            "precision": self.precision,
            "weights": self.parameters,
            "bytes": self.nbytes,
            "metadata": dict(self.metadata),
            "note": self.note,
        }

    @property
    def folder(self) -> str | None:
        """The kind of models under which such a file is looked for; None if that is not known."""
        return FOLDERS.get(self.kind)


def describe(path: Path) -> Description:
    """Return what a file is; OSError if it cannot be read."""
    nbytes = path.stat().st_size
    if is_pickle(path):
        return Description(PICKLED, nbytes=nbytes, note="It is not opened: a pickle file can run any program.")
    try:
        return describe_header(read_header(path))
    except CheckpointError as error:
        return Description(DAMAGED, nbytes=nbytes, note=str(error))


def describe_header(header: Header) -> Description:
    """Return what a header tells."""
    what = next(found for look in LOOKS if (found := look(header)) is not None)
    return Description(
        what.kind,
        what.title,
        what.networks,
        precision_of(header),
        sum(math.prod(info.shape) for info in header.tensors.values()),
        header.nbytes,
        header.metadata,
        what.note,
    )


def precision_of(header: Header) -> str:
    """Return the precisions of the weights, the one of most first, the others with their share."""
    counts: Counter[str] = Counter()
    for info in header.tensors.values():
        counts[info.dtype] += math.prod(info.shape)
    total = counts.total()
    (first, _), *others = counts.most_common() or [("", 0)]
    shares = [(dtype, count / total) for dtype, count in others if total and count / total >= LEAST_SHARE]
    return ", ".join([first, *(f"{max(1, round(share * 100))} % {dtype}" for dtype, share in shares)])


def _lora(header: Header) -> Description | None:
    has_marks = any(mark in key for key in header.tensors for mark in LORA_MARKS)
    return Description(LORA, _architecture(header)) if has_marks else None


def _control(header: Header) -> Description | None:
    is_one = any(key.startswith(CONTROL_MARKS) for key in header.tensors) or any(
        name in header.tensors for name in (*CONTROL_NAMES, *ADAPTER_NAMES)
    )
    return Description(CONTROLNET, _architecture(header)) if is_one else None


def _network(header: Header) -> Description | None:
    try:
        title = detect(header).family.title
    except CheckpointError:
        return None
    try:
        whole = whole_of(header)
    except CheckpointError as error:
        return Description(NETWORK, title, note=str(error))
    titles = {kind.name: kind.title for kind in known_encoders()}
    vision = (VISION,) if find_layout(header) else ()
    networks = (*(titles.get(kind, kind) for kind in whole.encoders), *((VAE,) if whole.vae else ()), *vision)
    return Description(CHECKPOINT if networks else NETWORK, title, networks)


def _vision(header: Header) -> Description | None:
    is_vision = any(mark in key for key in header.tensors for mark in VISION_MARKS)
    has_text = any("text_model." in key or key.startswith("model.layers.") for key in header.tensors)
    return Description(VISION) if is_vision and not has_text else None


def _encoder(header: Header) -> Description | None:
    try:
        kind, _ = encoder_alone(header)
    except CheckpointError:
        return None
    titles = {each.name: each.title for each in known_encoders()}
    return Description(TEXT_ENCODER, titles.get(kind, kind))


def _vae(header: Header) -> Description | None:
    return Description(VAE) if find_vae(header) is not None else None


def _upscaler(header: Header) -> Description | None:
    return Description(UPSCALER) if any(name in header.tensors for name in UPSCALER_NAMES) else None


def _embedding(header: Header) -> Description | None:
    names = header.tensors.keys()
    return Description(EMBEDDING) if names and names <= EMBEDDING_NAMES else None


def _unknown(header: Header) -> Description:
    try:
        detect(header)
    except CheckpointError as error:
        return Description(UNKNOWN, _architecture(header), note=str(error))
    return Description(UNKNOWN)


def _architecture(header: Header) -> str:
    """Return what the file's metadata say of the family of models that it belongs to."""
    return next((header.metadata[key] for key in ARCHITECTURE_KEYS if header.metadata.get(key)), "")


LOOKS: tuple[Callable[[Header], Description | None], ...] = (
    *(_lora, _embedding, _control, _network, _vae, _vision, _encoder, _upscaler, _unknown),
)
