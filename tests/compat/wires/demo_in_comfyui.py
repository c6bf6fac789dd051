"""A pack for ComfyUI that lets it load Weft's built-in checkpoint: its networks are smaller, with fewer groups in their norms.

For record.py: this file goes into ComfyUI's custom_nodes beside the packs.
"""

from __future__ import annotations

import comfy.sd
import torch
from comfy import sd1_clip, supported_models, supported_models_base

TEXT = {
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "hidden_act": "quick_gelu",
    "projection_dim": 128,
}
VAE = {"ch": 32, "ch_mult": [1, 2, 3, 3], "num_res_blocks": 1}


class TextModel(sd1_clip.SD1ClipModel):
    def __init__(self, device="cpu", dtype=None, model_options={}):
        super().__init__(device, dtype, {**model_options, "clip_l_model_config": TEXT})


class Demo(supported_models.SD15):
    unet_config = {**supported_models.SD15.unet_config, "context_dim": 128, "model_channels": 64}

    def clip_target(self, state_dict={}):
        return supported_models_base.ClipTarget(sd1_clip.SD1Tokenizer, TextModel)

    def get_model(self, *args, **kwargs):
        model = super().get_model(*args, **kwargs)
        regroup(model.diffusion_model, 16)
        return model


class Autoencoder(comfy.sd.AutoencoderKL):
    def __init__(self, ddconfig, embed_dim, **kwargs):
        super().__init__(ddconfig={**ddconfig, **VAE}, embed_dim=embed_dim)
        regroup(self, 8)


def regroup(network, groups):
    for module in network.modules():
        if isinstance(module, torch.nn.GroupNorm):
            module.num_groups = groups


supported_models.models.append(Demo)
comfy.sd.AutoencoderKL = Autoencoder
NODE_CLASS_MAPPINGS = {}
