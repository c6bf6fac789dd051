"""How packs sample: their own samplers and guiders, ComfyUI's functions, noise levels and noise of their own."""

from __future__ import annotations

import comfy.controlnet
import comfy.sample
import comfy.samplers
import comfy.utils
import latent_preview
import torch
from comfy.k_diffusion import sampling as k_sampling

import nodes

COMMON = {
    "model": ("MODEL",),
    "positive": ("CONDITIONING",),
    "negative": ("CONDITIONING",),
    "latent": ("LATENT",),
    "seed": ("INT", {"default": 1}),
}


class Sampled:
    CATEGORY = "tests"
    RETURN_TYPES = ("LATENT",)
    FUNCTION = "sample"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": dict(COMMON)}


class Common(Sampled):
    def sample(self, model, positive, negative, latent, seed):
        return nodes.common_ksampler(
            model, seed, 4, 5.0, "euler_ancestral", "karras", positive, negative, latent, denoise=0.8
        )


class Custom(Sampled):
    """comfy.sample.sample_custom with a callback, levels and options of the pack's own."""

    def sample(self, model, positive, negative, latent, seed):
        samples = comfy.sample.fix_empty_latent_channels(model, latent["samples"])
        sampling = model.get_model_object("model_sampling")
        low, high = float(sampling.sigma_min), float(sampling.sigma_max)
        sigmas = k_sampling.get_sigmas_karras(4, low, high, rho=5.0)
        sampler = comfy.samplers.ksampler("euler_ancestral", {"eta": 0.5, "s_noise": 1.1})
        seen = {}
        out = comfy.sample.sample_custom(
            model,
            comfy.sample.prepare_noise(samples, seed, latent.get("batch_index")),
            6.0,
            sampler,
            sigmas,
            positive,
            negative,
            samples,
            noise_mask=latent.get("noise_mask"),
            callback=latent_preview.prepare_callback(model, len(sigmas) - 1, seen),
            seed=seed,
        )
        assert seen["x0"].shape == out.shape
        return ({**latent, "samples": out},)


class Whole(Sampled):
    """comfy.sample.sample, all steps of a schedule but the first and the last."""

    def sample(self, model, positive, negative, latent, seed):
        samples = latent["samples"]
        noise = comfy.sample.prepare_noise(samples, seed)
        parts = {"start_step": 1, "last_step": 4, "force_full_denoise": True, "seed": seed}
        parts["noise_mask"] = latent.get("noise_mask")
        arguments = (model, noise, 5, 4.0, "dpmpp_2m", "normal", positive, negative, samples)
        return ({"samples": comfy.sample.sample(*arguments, **parts)},)


class Guided(Sampled):
    """A guider of the pack's own."""

    def sample(self, model, positive, negative, latent, seed):
        class Guider(comfy.samplers.CFGGuider):
            def predict_noise(self, x, timestep, model_options={}, seed=None):
                sides = [self.conds["positive"], self.conds["negative"]]
                cond, uncond = comfy.samplers.calc_cond_batch(self.inner_model, sides, x, timestep, model_options)
                return uncond + (cond - uncond) * (self.cfg * float(timestep[0] > 1.0))

        guider = Guider(model)
        guider.set_conds(positive, negative)
        guider.set_cfg(5.0)
        samples = latent["samples"]
        sigmas = comfy.samplers.calculate_sigmas(model.get_model_object("model_sampling"), "simple", 4)
        noise = comfy.sample.prepare_noise(samples, seed)
        out = guider.sample(noise, samples, comfy.samplers.sampler_object("dpmpp_2m"), sigmas, seed=seed)
        return ({"samples": out},)


class Inner(Sampled):
    """A sampler of ComfyUI's, called as a function within one of the pack's."""

    def sample(self, model, positive, negative, latent, seed):
        def halves(model, x, sigmas, extra_args=None, callback=None, disable=None):
            middle = len(sigmas) // 2 + 1
            x = k_sampling.sample_heun(
                model, x, sigmas[:middle], extra_args=extra_args, callback=callback, disable=True
            )
            noise = k_sampling.BrownianTreeNoiseSampler(x, sigmas[-2], sigmas[0], seed=extra_args["seed"], cpu=True)
            return k_sampling.sample_dpmpp_2m_sde(
                model,
                x,
                sigmas[middle - 1 :],
                extra_args=extra_args,
                callback=callback,
                disable=True,
                noise_sampler=noise,
            )

        samples = latent["samples"]
        sigmas = comfy.samplers.KSampler(model, 5, model.load_device, "euler", "normal").sigmas
        noise = comfy.sample.prepare_noise(samples, seed)
        sampler = comfy.samplers.KSAMPLER(halves)
        return (
            {
                "samples": comfy.samplers.sample(
                    model,
                    noise,
                    positive,
                    negative,
                    4.0,
                    model.load_device,
                    sampler,
                    sigmas,
                    latent_image=samples,
                    seed=seed,
                )
            },
        )


class OwnSampler:
    CATEGORY = "tests"
    RETURN_TYPES = ("SAMPLER",)
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"pull": ("FLOAT", {"default": 0.0})}}

    def make(self, pull):
        return (comfy.samplers.KSAMPLER(own_sampler, {"pull": pull}),)


def own_sampler(model, x, sigmas, extra_args=None, callback=None, disable=None, pull=0.0):
    s_in = x.new_ones([x.shape[0]])
    noise = k_sampling.default_noise_sampler(x, seed=extra_args["seed"])
    for i in range(len(sigmas) - 1):
        denoised = model(x, sigmas[i] * s_in, **extra_args)
        if callback is not None:
            callback({"x": x, "i": i, "sigma": sigmas[i], "sigma_hat": sigmas[i], "denoised": denoised})
        down, up = k_sampling.get_ancestral_step(sigmas[i], sigmas[i + 1], eta=0.7)
        x = x + k_sampling.to_d(x, sigmas[i], denoised * (1.0 - pull)) * (down - sigmas[i])
        if sigmas[i + 1] > 0:
            x = x + noise(sigmas[i], sigmas[i + 1]) * up
    return x


class OwnNoise:
    CATEGORY = "tests"
    RETURN_TYPES = ("NOISE",)
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"seed": ("INT", {"default": 1})}}

    def make(self, seed):
        return (Waves(seed),)


class Waves:
    def __init__(self, seed):
        self.seed = seed

    def generate_noise(self, input_latent):
        samples = input_latent["samples"]
        return torch.arange(samples.numel()).reshape(samples.shape).mul(1.7 + self.seed).sin() * 1.4


class OwnSigmas:
    CATEGORY = "tests"
    RETURN_TYPES = ("SIGMAS",)
    FUNCTION = "make"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"sigmas": ("SIGMAS",)}}

    def make(self, sigmas):
        return (torch.cat([sigmas[:1] * 0.9, sigmas[1:]]),)


class Waving(comfy.controlnet.ControlBase):
    """Adds waves to what goes on in the network, two of them one upon the other."""

    def get_control(self, x_noisy, t, cond, batched_number, transformer_options):
        before = None
        if self.previous_controlnet is not None:
            before = self.previous_controlnet.get_control(x_noisy, t, cond, batched_number, transformer_options)
        if t[0] > self.timestep_range[0] or t[0] < self.timestep_range[1]:
            return before
        count, _, rows, columns = x_noisy.shape
        sizes = ((64, 1), (64, 1), (64, 2), (128, 2), (128, 4), (128, 4))
        output = [self.wave(count, channels, rows // part, columns // part) for channels, part in sizes]
        control = {"input": [], "middle": [self.wave(count, 128, rows // 4, columns // 4)], "output": output}
        return self.control_merge(control, before, x_noisy.dtype)

    def wave(self, count, channels, rows, columns):
        one = torch.arange(channels * rows * columns).reshape(1, channels, rows, columns).mul(0.37).sin()
        return one.repeat(count, 1, 1, 1) * self.cond_hint_original.mean()

    def copy(self):
        made = Waving()
        self.copy_to(made)
        return made


class Controlled:
    CATEGORY = "tests"
    RETURN_TYPES = ("CONDITIONING",)
    FUNCTION = "control"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"conditioning": ("CONDITIONING",), "strength": ("FLOAT", {"default": 1.0})}}

    def control(self, conditioning, strength):
        hint = torch.full((1, 3, 64, 64), 0.5)
        first = Waving().set_cond_hint(hint, strength, (0.0, 0.6))
        found = []
        for tensor, entries in conditioning:
            control = first.copy().set_cond_hint(hint, strength, (0.3, 1.0))
            control.set_previous_controlnet(first)
            found.append([tensor, {**entries, "control": control, "control_apply_to_uncond": True}])
        return (found,)


NODE_CLASS_MAPPINGS = {
    f"T {cls.__name__}": cls
    for cls in (Common, Custom, Whole, Guided, Inner, OwnSampler, OwnNoise, OwnSigmas, Controlled)
}
