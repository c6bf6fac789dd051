"""What packs change of a model: guidance, what goes around and into the network, its weights, what its output means."""

from __future__ import annotations

import comfy.model_patcher
import comfy.model_sampling
import comfy.samplers
import comfy.sd
import comfy.utils
import folder_paths
import torch
from comfy.ldm.modules.attention import optimized_attention


class Changes:
    CATEGORY = "tests"
    RETURN_TYPES = ("MODEL",)
    FUNCTION = "change"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",), "amount": ("FLOAT", {"default": 0.5, "min": -10.0, "max": 10.0})}}

    def change(self, model, amount):
        changed = model.clone()
        self.apply(changed, amount)
        return (changed,)


class CfgFunction(Changes):
    def apply(self, model, amount):
        def guide(args):
            assert args["cond"].shape == args["input"].shape
            assert torch.equal(args["input"] - args["cond_denoised"], args["cond"])
            return args["uncond"] + (args["cond"] - args["uncond"]) * (args["cond_scale"] * amount)

        model.set_model_sampler_cfg_function(guide)


class CfgOfThree(Changes):
    def apply(self, model, amount):
        model.set_model_sampler_cfg_function(
            lambda cond, uncond, scale: uncond + (cond - uncond) * scale * amount, True
        )


class PostCfg(Changes):
    def apply(self, model, amount):
        def after(args):
            again = comfy.samplers.calc_cond_batch(
                args["model"], [args["cond"]], args["input"], args["sigma"], args["model_options"]
            )[0]
            assert (again - args["cond_denoised"]).abs().max() < 1e-3
            return args["denoised"] + amount * (args["cond_denoised"] - args["uncond_denoised"])

        model.set_model_sampler_post_cfg_function(after, disable_cfg1_optimization=True)


class Perturbed(Changes):
    """Guided away from what the model gives without attention between places in its middle."""

    def apply(self, model, amount):
        def values(q, k, v, options):
            return v

        def after(args):
            options = comfy.model_patcher.set_model_options_patch_replace(
                args["model_options"].copy(), values, "attn1", "middle", 0
            )
            (worse,) = comfy.samplers.calc_cond_batch(
                args["model"], [args["cond"]], args["input"], args["sigma"], options
            )
            return args["denoised"] + (args["cond_denoised"] - worse) * amount

        model.set_model_sampler_post_cfg_function(after)


class PreCfg(Changes):
    def apply(self, model, amount):
        def before(args):
            cond, uncond = args["conds_out"]
            return [cond * amount, uncond]

        model.set_model_sampler_pre_cfg_function(before)


class Wrapper(Changes):
    def apply(self, model, amount):
        def around(apply_model, args):
            assert args["c"]["transformer_options"]["cond_or_uncond"] == args["cond_or_uncond"]
            context = args["c"]["c_crossattn"] * (1.0 + amount * 0.1)
            out = apply_model(args["input"], args["timestep"], **{**args["c"], "c_crossattn": context})
            return out * (1.0 - amount * 0.1)

        model.set_model_unet_function_wrapper(around)


class AttentionPatches(Changes):
    def apply(self, model, amount):
        def before(n, context, value, options):
            assert options["n_heads"] * options["dim_head"] == n.shape[-1]
            weight = 1.0 + amount * (options["block"][1] + options["block_index"]) * 0.05
            return n, context * weight, value

        def after(n, options):
            return n * (1.0 - amount * 0.1 * (options["block"][0] == "output"))

        model.set_model_attn1_patch(before)
        model.set_model_attn2_patch(before)
        model.set_model_attn2_output_patch(after)
        model.set_model_attn1_output_patch(after)


class AttentionReplaced(Changes):
    def apply(self, model, amount):
        def replaced(q, k, v, options):
            return optimized_attention(q, k, v, options["n_heads"]) * amount

        model.set_model_attn1_replace(replaced, "middle", 0)
        model.set_model_attn2_replace(replaced, "middle", 0, 0)


class BlockPatches(Changes):
    def apply(self, model, amount):
        def after_input(h, options):
            return h * (1.0 + 0.02 * amount * options["block"][1])

        def before_output(h, skip, options):
            return h * (1.0 - 0.05 * amount * options["block"][1]), skip * (1.0 + 0.05 * amount)

        def time(emb, channels, options):
            return emb * (1.0 + amount * channels * 1e-3)

        model.set_model_input_block_patch(after_input)
        model.set_model_input_block_patch_after_skip(after_input)
        model.set_model_output_block_patch(before_output)
        model.set_model_emb_patch(time)
        model.set_model_patch(lambda x, options: x * (1.0 + 0.05 * amount), "middle_patch")


class Weights(Changes):
    def apply(self, model, amount):
        state = model.model.state_dict()
        keys = sorted(
            key for key in state if key.startswith("diffusion_model.output_blocks.") and key.endswith("weight")
        )
        assert model.add_patches({key: (state[key].float(),) for key in keys}, amount) != []
        first = keys[0]
        half = state[first].shape[0] // 2
        model.add_patches({(first, (0, 0, half)): ("diff", (state[first][:half].float(),))}, amount)


class Sampling(Changes):
    def apply(self, model, amount):
        class Mine(comfy.model_sampling.ModelSamplingDiscrete, comfy.model_sampling.EPS):
            def calculate_denoised(self, sigma, model_output, model_input):
                return super().calculate_denoised(sigma, model_output * amount, model_input)

        sampling = Mine(model.model.model_config)
        sampling.set_sigmas(sampling.sigmas * 0.9)
        model.add_object_patch("model_sampling", sampling)


class Wrappers(Changes):
    def apply(self, model, amount):
        kinds = comfy.patcher_extension.WrappersMP

        def around_network(executor, x, timesteps, context, y, control, transformer_options, **kwargs):
            return executor(x, timesteps, context * amount, y, control, transformer_options, **kwargs)

        def around_sampler(executor, guider, sigmas, *args, **kwargs):
            return executor(guider, sigmas * 0.95, *args, **kwargs)

        def around_step(executor, x, timestep, model_options, seed):
            assert executor.class_obj.cfg > 0
            return executor(x, timestep, model_options, seed) * 0.9

        def around_batch(executor, model, conds, x, timestep, model_options):
            return [out * 1.02 for out in executor(model, conds, x, timestep, model_options)]

        model.add_wrapper_with_key(kinds.DIFFUSION_MODEL, "tests", around_network)
        model.add_wrapper_with_key(kinds.SAMPLER_SAMPLE, "tests", around_sampler)
        model.add_wrapper_with_key(kinds.PREDICT_NOISE, "tests", around_step)
        model.add_wrapper_with_key(kinds.CALC_COND_BATCH, "tests", around_batch)


class MaskFunction(Changes):
    def apply(self, model, amount):
        def mask(sigma, denoise_mask, extra_options):
            level = extra_options["model"].inner_model.model_sampling.timestep(sigma[0]) / 999
            assert sigma[0] <= extra_options["sigmas"][0]
            return (denoise_mask >= level * amount).float()

        model.set_model_denoise_mask_function(mask)


class Lora:
    CATEGORY = "tests"
    RETURN_TYPES = ("MODEL", "CLIP")
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",), "clip": ("CLIP",), "name": ("STRING", {"default": ""})}}

    def load(self, model, clip, name):
        path = folder_paths.get_full_path("loras", name)
        state = comfy.utils.load_torch_file(path, safe_load=True)
        return comfy.sd.load_lora_for_models(model, clip, state, 0.7, 0.4)


NODE_CLASS_MAPPINGS = {
    f"T {cls.__name__}": cls
    for cls in (
        CfgFunction,
        CfgOfThree,
        PostCfg,
        Perturbed,
        PreCfg,
        Wrapper,
        AttentionPatches,
        AttentionReplaced,
        BlockPatches,
        Weights,
        Sampling,
        Wrappers,
        MaskFunction,
        Lora,
    )
}
