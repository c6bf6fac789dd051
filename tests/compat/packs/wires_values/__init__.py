"""What packs do with latents, prompts, text encoders and VAEs, and with values of any type."""

from __future__ import annotations

import comfy.sd
import comfy.utils
import folder_paths
import node_helpers
import torch


class EditLatent:
    CATEGORY = "tests"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "edit"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"latent": ("LATENT",), "masked": ("BOOLEAN", {"default": False})}}

    def edit(self, latent, masked):
        edited = latent.copy()
        edited["samples"] = torch.linspace(-1, 1, latent["samples"].numel()).reshape(latent["samples"].shape) * 4
        edited["of_the_pack"] = {"kept": True}
        edited["batch_index"] = [3] * len(latent["samples"])
        if masked:
            edited["noise_mask"] = torch.linspace(0, 1, 64 * 64).reshape(1, 64, 64)
        return (edited,)


class Shows:
    CATEGORY = "tests"
    RETURN_TYPES = ()
    FUNCTION = "show"
    OUTPUT_NODE = True


class ShowLatent(Shows):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"latent": ("LATENT",)}}

    def show(self, latent):
        return {
            "ui": {"numbers": rounded(latent["samples"]), "keys": sorted(set(latent) - {"downscale_ratio_spacial"})}
        }


class ShowImage(Shows):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",)}}

    def show(self, image):
        return {"ui": {"numbers": rounded(image[:, ::4, ::4])}}


class ShowPrompt(Shows):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"conditioning": ("CONDITIONING",)}}

    def show(self, conditioning):
        numbers = [number for pair in conditioning for number in rounded(pair[0][0, :, ::16])]
        entries = [{key: described(value) for key, value in sorted(pair[1].items())} for pair in conditioning]
        return {"ui": {"numbers": numbers, "entries": entries}}


def rounded(tensor):
    return [round(float(number), 5) for number in tensor.flatten()]


def described(value):
    return list(value.shape) if isinstance(value, torch.Tensor) else value


class EditPrompt:
    CATEGORY = "tests"
    RETURN_TYPES = ("CONDITIONING",)
    FUNCTION = "edit"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"conditioning": ("CONDITIONING",), "how": ("STRING", {"default": ""})}}

    def edit(self, conditioning, how):
        found = []
        for tensor, entries in conditioning:
            if how == "scaled":
                found.append([tensor * 1.2, {**entries, "pooled_output": entries["pooled_output"] * 0.5}])
            elif how == "placed":
                found.append([tensor, {**entries, "area": (8, 4, 0, 4), "strength": 0.8}])
                found.append([tensor * 0.5, entries])
            elif how == "part":
                found.append([tensor, {**entries, "area": ("percentage", 1.0, 0.5, 0.0, 0.25)}])
                found.append([tensor * 0.5, entries])
            elif how == "masked":
                mask = torch.linspace(0, 1, 64).expand(1, 64, 64)
                found.append([tensor, {**entries, "mask": mask, "mask_strength": 0.9, "set_area_to_bounds": False}])
                found.append([tensor * 0.5, entries])
            elif how == "timed":
                first, then = [[tensor, entries]], [[tensor * 0.5, entries]]
                found += node_helpers.conditioning_set_values(first, {"start_percent": 0.0, "end_percent": 0.4})
                found += node_helpers.conditioning_set_values(then, {"start_percent": 0.4, "end_percent": 1.0})
            elif how == "own":
                found.append([tensor, {**entries, "of_the_pack": "kept", "strength": 1.0}])
            else:
                found.append([torch.cat([tensor, tensor * 0.5], dim=1), entries.copy()])
        return (found,)


class Encode:
    CATEGORY = "tests"
    RETURN_TYPES = ("CONDITIONING",)
    FUNCTION = "encode"

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"clip": ("CLIP",), "text": ("STRING", {"default": ""}), "how": ("STRING", {"default": ""})}
        }

    def encode(self, clip, text, how):
        if how == "layer":
            clip = clip.clone()
            clip.clip_layer(-2)
        if how == "patched":
            clip = clip.clone()
            state = clip.cond_stage_model.state_dict()
            keys = [key for key in state if key.endswith("mlp.fc1.weight")]
            assert len(clip.add_patches({key: (state[key].float(),) for key in keys}, 0.1)) == len(keys)
        tokens = clip.tokenize(text)
        if how == "heavier":
            tokens = {
                name: [
                    [(token, weight * (1.4 if 0 < token < 49406 else 1.0)) for token, weight in chunk]
                    for chunk in chunks
                ]
                for name, chunks in tokens.items()
            }
        if how == "scheduled":
            return (clip.encode_from_tokens_scheduled(tokens, add_dict={"guidance": 3.5}),)
        if how == "dict":
            found = clip.encode_from_tokens(tokens, return_pooled=True, return_dict=True)
            return ([[found.pop("cond"), found]],)
        if how == "words":
            worded = clip.tokenize(text, return_word_ids=True)
            (chunks,) = worded.values()
            cond, pooled = clip.encode_from_tokens(tokens, return_pooled=True)
            return ([[cond, {"pooled_output": pooled, "words": [word for _, _, word in chunks[0]]}]],)
        cond, pooled = clip.encode_from_tokens(tokens, return_pooled=True)
        return ([[cond, {"pooled_output": pooled}]],)


class Rounds:
    """Through a VAE and back, in several ways."""

    CATEGORY = "tests"
    RETURN_TYPES = ("IMAGE", "LATENT")
    FUNCTION = "go"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"vae": ("VAE",), "latent": ("LATENT",), "how": ("STRING", {"default": ""})}}

    def go(self, vae, latent, how):
        if how == "tiled":
            image = vae.decode_tiled(latent["samples"], tile_x=4, tile_y=4, overlap=1)
            return image, {"samples": vae.encode_tiled(image, tile_x=32, tile_y=32, overlap=8)}
        if how == "own":
            path = folder_paths.get_full_path("checkpoints", "weft-demo.safetensors")
            state, prefix = comfy.utils.load_torch_file(path), "first_stage_model."
            own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            vae = comfy.sd.VAE(sd=own)
        assert vae.spacial_compression_decode() == 8
        image = vae.decode(latent["samples"])
        return image, {"samples": vae.encode(image[:, :, :, :3])}


class Through:
    """Anything, as it is."""

    CATEGORY = "tests"
    RETURN_TYPES = ("*",)
    FUNCTION = "go"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("*",)}}

    def go(self, value):
        return (value,)


NODE_CLASS_MAPPINGS = {
    f"T {cls.__name__}": cls
    for cls in (EditLatent, ShowLatent, ShowImage, ShowPrompt, EditPrompt, Encode, Rounds, Through)
}
