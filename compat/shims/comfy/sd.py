"""ComfyUI's `comfy.sd`: models from files, as packs load them, and LoRAs onto models.

    model, clip, vae, _ = load_checkpoint_guess_config(path)
    model, clip = load_lora_for_models(model, clip, load_torch_file(lora_path), 0.8, 1.0)

Files are opened by Weft's loaders, which keep them as long as they do not change.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor

from compat.shims.finder import lent
from compat.wires import from_pack, to_pack
from compat.wires.clip import CLIP
from compat.wires.vae import VAE
from diffusion.errors import CheckpointError
from diffusion.lora import LoraFile, apply_lora
from nodes.host import Host

__all__ = [
    "CLIP",
    "VAE",
    "CLIPType",
    "load_checkpoint",
    "load_checkpoint_guess_config",
    "load_clip",
    "load_diffusion_model",
    "load_lora_for_models",
]

logger = logging.getLogger(__name__)

CLIPType = Enum(  # numbered as in ComfyUI 0.33
    "CLIPType",
    [
        "STABLE_DIFFUSION", "STABLE_CASCADE", "SD3", "STABLE_AUDIO", "HUNYUAN_DIT", "FLUX", "MOCHI", "LTXV",
        "HUNYUAN_VIDEO", "PIXART", "COSMOS", "LUMINA2", "WAN", "HIDREAM", "CHROMA", "ACE", "OMNIGEN2", "QWEN_IMAGE",
        "HUNYUAN_IMAGE", "HUNYUAN_VIDEO_15", "OVIS", "KANDINSKY5", "KANDINSKY5_IMAGE", "NEWBIE", "FLUX2",
        "LONGCAT_IMAGE", "COGVIDEOX", "LENS", "PIXELDIT", "IDEOGRAM4", "BOOGU", "KREA2", "JOYIMAGE", "MAGE",
        "MINIMAX",
    ],
)  # fmt: skip
DEFAULT_CLIP_TYPE = CLIPType["STABLE_DIFFUSION"]


def load_checkpoint_guess_config(
    ckpt_path: str,
    output_vae: bool = True,
    output_clip: bool = True,
    output_clipvision: bool = False,
    embedding_directory: Any = None,
    output_model: bool = True,
    model_options: Any = None,
    te_model_options: Any = None,
    **unused: Any,
) -> tuple[Any, Any, Any, Any]:
    """Return model, CLIP, VAE and CLIP vision of a checkpoint; None for what is not wanted, or a CLIP vision not there."""
    loaded = _host().load_checkpoint(Path(ckpt_path))
    return (
        to_pack("MODEL", loaded.model) if output_model else None,
        to_pack("CLIP", loaded.clip) if output_clip else None,
        to_pack("VAE", loaded.vae) if output_vae else None,
        _vision_in(Path(ckpt_path)) if output_clipvision else None,
    )


def _vision_in(path: Path) -> Any:
    try:
        return _host().load_clip_vision(path)
    except CheckpointError:
        return None


def load_checkpoint(
    config_path: Any = None,
    ckpt_path: str | None = None,
    output_vae: bool = True,
    output_clip: bool = True,
    embedding_directory: Any = None,
    state_dict: Any = None,
    config: Any = None,
) -> tuple[Any, Any, Any]:
    """Return model, CLIP and VAE of a checkpoint; its configuration is read from the file itself."""
    if ckpt_path is None:
        raise NotImplementedError("Weft loads checkpoints from files only, not from tensors; give ckpt_path.")
    return load_checkpoint_guess_config(ckpt_path, output_vae, output_clip)[:3]


def load_diffusion_model(
    unet_path: str, model_options: Mapping[str, Any] = MappingProxyType({}), disable_dynamic: bool = False
) -> Any:
    """Return the network that denoises of a file; model_options: `dtype` is what its weights are kept in."""
    return to_pack("MODEL", _host().load_diffusion_model(Path(unet_path), model_options.get("dtype")))


def load_clip(
    ckpt_paths: Sequence[str],
    embedding_directory: Any = None,
    clip_type: Enum = DEFAULT_CLIP_TYPE,
    model_options: Mapping[str, Any] = MappingProxyType({}),
    disable_dynamic: bool = False,
) -> Any:
    """Return the text encoders of some files, used together; embeddings come from Weft's folders, devices from its settings."""
    return to_pack("CLIP", _host().load_clip([Path(path) for path in ckpt_paths], clip_type.name.lower()))


def load_lora_for_models(
    model: Any,
    clip: Any,
    lora: Mapping[str, Tensor],
    strength_model: float,
    strength_clip: float,
    lora_metadata: Any = None,
) -> tuple[Any, Any]:
    """Return clones of a model and a CLIP, either may be None, that compute with a LoRA."""
    handles = from_pack("MODEL", model), from_pack("CLIP", clip)
    try:
        patched = apply_lora(LoraFile("The LoRA", lora, ""), *handles, strength_model, strength_clip)
    except CheckpointError as error:
        logger.warning("%s It changes nothing.", error)
        return tuple(None if each is None else each.clone() for each in (model, clip))  # type: ignore[return-value]
    return _kept(model, patched.model, "MODEL"), _kept(clip, patched.clip, "CLIP")


def _kept(before: Any, handle: Any, kind: str) -> Any:
    """Return what a handle became, a clone if it did not change."""
    if before is None:
        return None
    changed = to_pack(kind, handle)
    return before.clone() if changed is before else changed


def _host() -> Host:
    return lent().resource(Host)  # type: ignore[type-abstract]  # a protocol is the key
