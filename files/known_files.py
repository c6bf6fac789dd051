"""Where text encoders and VAEs that many models share can be had: files of model hubs, by kind and name.

fetch_command("text_encoders", "clip_l.safetensors")  # "weft models get …/clip_l.safetensors --to text_encoders"

The names are those that ComfyUI's workflow templates use (comfyui-workflow-templates 0.1.123), and so are the places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

FLUX_TEXT = "comfyanonymous/flux_text_encoders"
QWEN_IMAGE = "Comfy-Org/Qwen-Image_ComfyUI/split_files"
Z_IMAGE = "Comfy-Org/z_image_turbo/split_files"
FLUX2 = "Comfy-Org/flux2-dev/split_files"
KLEIN = "Comfy-Org/flux2-klein-9B/split_files"
HIDREAM = "Comfy-Org/HiDream-I1_ComfyUI/split_files"
WAN = "Comfy-Org/Wan_2.1_ComfyUI_repackaged/split_files"

PLACES: Mapping[str, Mapping[str, tuple[str, ...]]] = {  # by kind and place, the names of files
    "text_encoders": {
        FLUX_TEXT: (
            *("clip_l.safetensors", "t5xxl_fp16.safetensors"),
            *("t5xxl_fp8_e4m3fn.safetensors", "t5xxl_fp8_e4m3fn_scaled.safetensors"),
        ),
        f"{QWEN_IMAGE}/text_encoders": ("qwen_2.5_vl_7b_fp8_scaled.safetensors", "qwen_2.5_vl_7b.safetensors"),
        f"{Z_IMAGE}/text_encoders": ("qwen_3_4b.safetensors", "qwen_3_4b_fp8_mixed.safetensors"),
        f"{KLEIN}/text_encoders": ("qwen_3_8b_fp8mixed.safetensors",),
        f"{FLUX2}/text_encoders": (
            "mistral_3_small_flux2_bf16.safetensors",
            "mistral_3_small_flux2_fp8.safetensors",
        ),
        f"{HIDREAM}/text_encoders": (
            *("clip_l_hidream.safetensors", "clip_g_hidream.safetensors"),
            "llama_3.1_8b_instruct_fp8_scaled.safetensors",
        ),
        f"{WAN}/text_encoders": ("umt5_xxl_fp8_e4m3fn_scaled.safetensors", "umt5_xxl_fp16.safetensors"),
    },
    "vae": {
        f"{Z_IMAGE}/vae": ("ae.safetensors",),
        f"{FLUX2}/vae": ("flux2-vae.safetensors",),
        f"{QWEN_IMAGE}/vae": ("qwen_image_vae.safetensors",),
        f"{WAN}/vae": ("wan_2.1_vae.safetensors",),
        "stabilityai/sd-vae-ft-mse-original": ("vae-ft-mse-840000-ema-pruned.safetensors",),
    },
    "clip_vision": {
        f"{WAN}/clip_vision": ("clip_vision_h.safetensors",),
        "Comfy-Org/sigclip_vision_384": ("sigclip_vision_patch14_384.safetensors",),
        "comfyanonymous/clip_vision_g": ("clip_vision_g.safetensors",),
    },
}


def fetch_command(kind: str, name: str) -> str | None:
    """Return the command that fetches a file; None if nobody knows where it is."""
    place = next((place for place, names in PLACES.get(kind, {}).items() if name in names), None)
    return None if place is None else f"weft models get {place}/{name} --to {kind}"


def known_files() -> Iterator[tuple[str, str]]:
    """Yield the kinds and names of all files that have a command."""
    yield from ((kind, name) for kind, places in PLACES.items() for names in places.values() for name in names)
