"""Kinds of models: in which folders each is looked for, which other names it has, and which files are of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

# ComfyUI's kinds of models and the folders below models/ in which it looks for each (0.33).
MODEL_FOLDERS: dict[str, tuple[str, ...]] = {
    "audio_encoders": ("audio_encoders",),
    "background_removal": ("background_removal",),
    "checkpoints": ("checkpoints",),
    "classifiers": ("classifiers",),
    "clip_vision": ("clip_vision",),
    "configs": ("configs",),
    "controlnet": ("controlnet", "t2i_adapter"),
    "detection": ("detection",),
    "diffusers": ("diffusers",),
    "diffusion_models": ("unet", "diffusion_models"),
    "embeddings": ("embeddings",),
    "frame_interpolation": ("frame_interpolation",),
    "geometry_estimation": ("geometry_estimation",),
    "gligen": ("gligen",),
    "hypernetworks": ("hypernetworks",),
    "latent_upscale_models": ("latent_upscale_models",),
    "loras": ("loras",),
    "model_patches": ("model_patches",),
    "optical_flow": ("optical_flow",),
    "photomaker": ("photomaker",),
    "style_models": ("style_models",),
    "text_encoders": ("text_encoders", "clip"),
    "upscale_models": ("upscale_models",),
    "vae": ("vae",),
    "vae_approx": ("vae_approx",),
}
# Not ComfyUI's: where ComfyUI_IPAdapter_plus looks; and a folder for each tokenizer that is neither bundled nor inside of
# the text encoder (diffusion.text.vocabularies).
OWN_FOLDERS: dict[str, tuple[str, ...]] = {"ipadapter": ("ipadapter",), "tokenizers": ("tokenizers",)}
BASE_FOLDERS = ("custom_nodes", "datasets")  # kinds whose folder lies beside models/
# What nodes save as models into the output folder is found there (output/checkpoints), as in ComfyUI.
SAVED_KINDS = ("checkpoints", "clip", "diffusion_models", "loras", "vae")
KIND_ALIASES: Mapping[str, str] = {"unet": "diffusion_models", "clip": "text_encoders"}
MODEL_SUFFIXES = frozenset({".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pt2", ".bin", ".pth", ".pkl"})
ANY_SUFFIX: frozenset[str] = frozenset()  # every file is of the kind
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})
VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ogv", ".wmv", ".flv"})
SOUND_SUFFIXES = frozenset({".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".wma"})
# What widgets may choose of the input folder, by the kind that they name; videos have sound too.
INPUT_SUFFIXES: Mapping[str, frozenset[str]] = {
    "input": PICTURE_SUFFIXES,
    "input_sound": SOUND_SUFFIXES | VIDEO_SUFFIXES,
    "input_video": VIDEO_SUFFIXES,
}

# Kinds whose files end otherwise; "folder" ends no file: a model of the kind is a folder, and none is listed.
OTHER_SUFFIXES: Mapping[str, frozenset[str]] = {
    "classifiers": frozenset({""}),
    "configs": frozenset({".yaml"}),
    "custom_nodes": ANY_SUFFIX,
    "datasets": ANY_SUFFIX,
    "diffusers": frozenset({"folder"}),
    "ipadapter": MODEL_SUFFIXES,
    "tokenizers": frozenset({".json", ".model"}),
}


class Place(NamedTuple):
    """Where files of a kind lie, in this order, and how their names end (nothing: anyhow). The list may grow."""

    folders: list[str]
    suffixes: Collection[str]


def suffixes_of(kind: str) -> frozenset[str]:
    """Return how names of files of a kind end; ANY_SUFFIX for kinds that only an extra_model_paths.yaml knows."""
    kind = KIND_ALIASES.get(kind, kind)
    return OTHER_SUFFIXES.get(kind, MODEL_SUFFIXES if kind in MODEL_FOLDERS else ANY_SUFFIX)
