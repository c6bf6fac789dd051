"""The methods of ModelPatcher by which packs change how a model is sampled: they write `model_options`.

patcher.set_model_attn2_patch(patch)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from compat.wires import model_options as options_of
from compat.wires.model_options import TRANSFORMER

Function = Callable[..., Any]


def _setter(name: str) -> Callable[[Any, Function], None]:
    def set_patch(self: OptionSetters, patch: Function) -> None:
        self.set_model_patch(patch, name)

    set_patch.__doc__ = f"Add a function within the network: {name}."
    return set_patch


class OptionSetters:
    """The part of ModelPatcher that has options."""

    def __init__(self) -> None:
        self.model_options: dict[str, Any] = {TRANSFORMER: {}}

    def disable_model_cfg1_optimization(self) -> None:
        """Have the negative side computed where cfg is 1, too."""
        self.model_options["disable_cfg1_optimization"] = True

    def set_model_sampler_cfg_function(
        self, sampler_cfg_function: Function, disable_cfg1_optimization: bool = False
    ) -> None:
        """Guide by a function of a dictionary, or of cond, uncond and scale."""
        function = sampler_cfg_function
        if len(inspect.signature(function).parameters) == 3:

            def by_three(args: dict[str, Any]) -> Any:
                return sampler_cfg_function(args["cond"], args["uncond"], args["cond_scale"])

            function = by_three
        self.model_options["sampler_cfg_function"] = function
        if disable_cfg1_optimization:
            self.disable_model_cfg1_optimization()

    def set_model_sampler_post_cfg_function(
        self, post_cfg_function: Function, disable_cfg1_optimization: bool = False
    ) -> None:
        """Add a function behind guidance."""
        options_of.set_model_options_post_cfg_function(self.model_options, post_cfg_function, disable_cfg1_optimization)

    def set_model_sampler_pre_cfg_function(
        self, pre_cfg_function: Function, disable_cfg1_optimization: bool = False
    ) -> None:
        """Add a function before guidance."""
        options_of.set_model_options_pre_cfg_function(self.model_options, pre_cfg_function, disable_cfg1_optimization)

    def set_model_sampler_calc_cond_batch_function(self, sampler_calc_cond_batch_function: Function) -> None:
        """Predict by a function."""
        self.model_options["sampler_calc_cond_batch_function"] = sampler_calc_cond_batch_function

    def set_model_unet_function_wrapper(self, unet_wrapper_function: Function) -> None:
        """Have the network called by a function."""
        self.model_options["model_function_wrapper"] = unet_wrapper_function

    def set_model_denoise_mask_function(self, denoise_mask_function: Function) -> None:
        """Change inpainting masks by a function."""
        self.model_options["denoise_mask_function"] = denoise_mask_function

    def set_model_patch(self, patch: Function, name: str) -> None:
        """Add a function within the network."""
        patches = self.model_options[TRANSFORMER].setdefault("patches", {})
        patches[name] = [*patches.get(name, ()), patch]

    set_model_attn1_patch = _setter("attn1_patch")
    set_model_attn2_patch = _setter("attn2_patch")
    set_model_attn1_output_patch = _setter("attn1_output_patch")
    set_model_attn2_output_patch = _setter("attn2_output_patch")
    set_model_input_block_patch = _setter("input_block_patch")
    set_model_input_block_patch_after_skip = _setter("input_block_patch_after_skip")
    set_model_output_block_patch = _setter("output_block_patch")
    set_model_emb_patch = _setter("emb_patch")
    set_model_forward_timestep_embed_patch = _setter("forward_timestep_embed_patch")
    set_model_double_block_patch = _setter("double_block")
    set_model_post_input_patch = _setter("post_input")
    set_model_noise_refiner_patch = _setter("noise_refiner")
    set_model_middle_block_after_patch = _setter("middle_block_after_patch")

    def set_model_patch_replace(
        self, patch: Function, name: str, block_name: str, number: int, transformer_index: int | None = None
    ) -> None:
        """Put a function in the place of an attention layer."""
        options_of.set_model_options_patch_replace(
            self.model_options, patch, name, block_name, number, transformer_index
        )

    def set_model_attn1_replace(
        self, patch: Function, block_name: str, number: int, transformer_index: int | None = None
    ) -> None:
        """Put a function in the place of self-attention."""
        self.set_model_patch_replace(patch, "attn1", block_name, number, transformer_index)

    def set_model_attn2_replace(
        self, patch: Function, block_name: str, number: int, transformer_index: int | None = None
    ) -> None:
        """Put a function in the place of attention to the prompt."""
        self.set_model_patch_replace(patch, "attn2", block_name, number, transformer_index)
