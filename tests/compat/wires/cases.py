"""Prompts with the built-in model through packs that change, sample and edit; each was run in ComfyUI (see record.py)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

FACTS = Path(__file__).parent / "facts.json"
PACKS = ("wires_model", "wires_sampling", "wires_values")
CHECKPOINT, LORA = "weft-demo.safetensors", "weft-night.safetensors"
Prompt = Mapping[str, Mapping[str, Any]]
SAMPLED = ("sampled", 0)


class Case(NamedTuple):
    """A prompt, whose node `shown` shows numbers."""

    name: str
    prompt: Prompt


def n(kind: str, **inputs: Any) -> dict[str, Any]:
    links = {name: list(value) if isinstance(value, tuple) else value for name, value in inputs.items()}
    return {"class_type": kind, "inputs": links}


BASE = {
    "files": n("CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
    "positive": n("CLIPTextEncode", clip=("files", 1), text="a red house under a blue sky"),
    "negative": n("CLIPTextEncode", clip=("files", 1), text="green hills"),
    "latent": n("EmptyLatentImage", width=64, height=64, batch_size=1),
}
PARTS = {"positive": ("positive", 0), "negative": ("negative", 0)}


def ksampler(model: Any = ("files", 0), latent: Any = ("latent", 0), **changed: Any) -> dict[str, Any]:
    usual = {
        "seed": 5,
        "steps": 4,
        "cfg": 5.0,
        "sampler_name": "euler_ancestral",
        "scheduler": "normal",
        "denoise": 1.0,
    }
    return n("KSampler", **{"model": model, "latent_image": latent, **PARTS, **usual, **changed})


def case(name: str, show: str = "T ShowLatent", **nodes: Any) -> Case:
    """Return a case whose node `sampled` (or `seen`) is shown."""
    shown = {"T ShowLatent": "latent", "T ShowImage": "image", "T ShowPrompt": "conditioning"}[show]
    return Case(name, {**BASE, **nodes, "shown": n(show, **{shown: SAMPLED})})


def changed(kind: str, amount: float = 0.5, name: str = "", **sampled: Any) -> Case:
    """Sample with a model that a node of a pack changed."""
    model = n(f"T {kind}", model=("files", 0), amount=amount)
    return case(name or kind, changed=model, sampled=ksampler(("changed", 0), **sampled))


def stacked(name: str, *kinds: tuple[str, dict[str, Any]], **sampled: Any) -> Case:
    """Sample with a model that goes through several nodes, one after the other."""
    before: Any = ("files", 0)
    nodes = {}
    for number, (kind, inputs) in enumerate(kinds):
        nodes[f"change {number}"] = n(kind, model=before, **inputs)
        before = (f"change {number}", 0)
    return case(name, **nodes, sampled=ksampler(before, **sampled))


def sampled(kind: str, model: Any = ("files", 0), latent: Any = ("latent", 0), name: str = "", **nodes: Any) -> Case:
    """Sample by a node of a pack."""
    work = n(f"T {kind}", model=model, latent=latent, seed=3, **PARTS)
    return case(name or kind, **nodes, sampled=work)


def edited(how: str, **more: Any) -> Case:
    """Sample with a prompt that a node of a pack edited."""
    edit = n("T EditPrompt", conditioning=("positive", 0), how=how)
    return case(f"prompt {how}", edited=edit, sampled=ksampler(positive=("edited", 0), **more))


def custom(name: str, **changed: Any) -> dict[str, Any]:
    usual = {
        "model": ("files", 0),
        "add_noise": True,
        "noise_seed": 4,
        "cfg": 4.0,
        "latent_image": ("latent", 0),
        **PARTS,
    }
    return n("SamplerCustom", **{**usual, **changed})


def rounds(how: str, output: int) -> Case:
    """Go through the VAE and back; output 0 is the picture, 1 the latent."""
    work = n("T Rounds", vae=("files", 2), latent=("edited", 0), how=how)
    through = n("T Through", value=("rounds", output))
    show = ("T ShowImage", "T ShowLatent")[output]
    return case(f"vae {how}{output}", show, edited=LATENT, rounds=work, sampled=through)


LATENT = n("T EditLatent", latent=("latent", 0), masked=False)
MASKED = n("T EditLatent", latent=("latent", 0), masked=True)
SIGMAS = n("BasicScheduler", model=("files", 0), scheduler="karras", steps=4, denoise=1.0)
TEXT = "a (red:1.3) house, very ((old)) under \\(clouds\\) and a (pale moon:0.6)"

LONG = "a red house and " * 30
PLACE = {"width": 64, "height": 128, "x": 8, "y": 0, "strength": 0.7}
AREA = n("ConditioningSetArea", conditioning=("positive", 0), **PLACE)
TIMES = n("ConditioningSetTimestepRange", conditioning=("positive", 0), start=0.0, end=0.5)
OWN = n("T EditPrompt", conditioning=("positive", 0), how="own")
COMBINED = n("ConditioningCombine", conditioning_1=("edited", 0), conditioning_2=("negative", 0))

MODELS = (
    changed("CfgFunction"),
    changed("CfgFunction", 0.5, "CfgFunction euler_cfg_pp", sampler_name="euler_cfg_pp"),
    changed("CfgOfThree", 0.8, cfg=1.0),
    changed("PostCfg"),
    changed("PostCfg", 0.5, "PostCfg dpmpp_2m", sampler_name="dpmpp_2m", scheduler="karras"),
    changed("Perturbed", 1.5),
    changed("PreCfg", 0.9),
    changed("Wrapper"),
    changed("AttentionPatches"),
    changed("AttentionReplaced", 0.7),
    changed("BlockPatches"),
    changed("Weights", 0.05),
    changed("Sampling", 0.95),
    changed("Wrappers", 1.1),
    case(
        "MaskFunction",
        edited=MASKED,
        changed=n("T MaskFunction", model=("files", 0), amount=1.0),
        sampled=ksampler(("changed", 0), ("edited", 0), denoise=0.9),
    ),
    stacked(
        "pack, operator, pack",
        ("T PostCfg", {"amount": 0.3}),
        ("RescaleCFG", {"multiplier": 0.7}),
        ("T Wrapper", {"amount": 0.2}),
    ),
    stacked(
        "operators around a pack",
        ("FreeU_V2", {"b1": 1.3, "b2": 1.4, "s1": 0.9, "s2": 0.2}),
        ("PerturbedAttentionGuidance", {"scale": 2.0}),
        ("T CfgFunction", {"amount": 0.6}),
        ("LoraLoaderModelOnly", {"lora_name": LORA, "strength_model": 0.5}),
    ),
    case(
        "Lora",
        changed=n("T Lora", model=("files", 0), clip=("files", 1), name=LORA),
        night=n("CLIPTextEncode", clip=("changed", 1), text="a house at night"),
        sampled=ksampler(("changed", 0), positive=("night", 0)),
    ),
    case("model through *", through=n("T Through", value=("files", 0)), sampled=ksampler(("through", 0))),
)
SAMPLINGS = (
    sampled("Common"),
    sampled("Custom"),
    sampled("Whole"),
    sampled("Guided"),
    sampled("Inner"),
    sampled("Whole", latent=("edited", 0), edited=MASKED, name="Whole masked"),
    sampled("Custom", ("changed", 0), changed=n("T PostCfg", model=("files", 0), amount=0.4), name="Custom patched"),
    case(
        "OwnSampler",
        sampler=n("T OwnSampler", pull=0.05),
        sigmas=SIGMAS,
        sampled=custom("own", sampler=("sampler", 0), sigmas=("sigmas", 0)),
    ),
    case(
        "OwnSampler masked",
        sampler=n("T OwnSampler", pull=0.0),
        sigmas=SIGMAS,
        edited=MASKED,
        sampled=custom("own", sampler=("sampler", 0), sigmas=("sigmas", 0), latent_image=("edited", 0)),
    ),
    case(
        "OwnSigmas",
        sampler=n("KSamplerSelect", sampler_name="dpmpp_2m_sde"),
        sigmas=SIGMAS,
        own=n("T OwnSigmas", sigmas=("sigmas", 0)),
        sampled=custom("own", sampler=("sampler", 0), sigmas=("own", 0)),
    ),
    case(
        "OwnNoise",
        noise=n("T OwnNoise", seed=2),
        sigmas=SIGMAS,
        sampled=n("AddNoise", model=("files", 0), noise=("noise", 0), sigmas=("sigmas", 0), latent_image=("latent", 0)),
    ),
)
CONTROLLED = (
    case(
        "Controlled",
        edited=n("T Controlled", conditioning=("positive", 0), strength=0.6),
        sampled=ksampler(positive=("edited", 0)),
    ),
    case(
        "Controlled in a part",
        controlled=n("T Controlled", conditioning=("positive", 0), strength=0.6),
        edited=n("T EditPrompt", conditioning=("controlled", 0), how="placed"),
        sampled=ksampler(positive=("edited", 0)),
    ),
)
VALUES = (
    case("latent edited", edited=LATENT, sampled=ksampler(latent=("edited", 0), denoise=0.6)),
    case("latent masked", edited=MASKED, sampled=ksampler(latent=("edited", 0), denoise=0.8, sampler_name="ddim")),
    case("latent through *", through=n("T Through", value=("latent", 0)), sampled=ksampler(latent=("through", 0))),
    *[edited(how) for how in ("scaled", "placed", "part", "masked", "timed", "own", "longer")],
    case("prompt to a pack", "T ShowPrompt", sampled=AREA),
    case("prompt with times", "T ShowPrompt", sampled=TIMES),
    case("prompt of a pack, combined", "T ShowPrompt", edited=OWN, sampled=COMBINED),
    *[
        case(f"encode {how}", "T ShowPrompt", sampled=n("T Encode", clip=("files", 1), text=TEXT, how=how))
        for how in ("plain", "layer", "patched", "heavier", "scheduled", "dict", "words")
    ],
    case("encode long", "T ShowPrompt", sampled=n("T Encode", clip=("files", 1), text=LONG, how="words")),
    *[rounds(how, output) for how in ("whole", "tiled", "own") for output in (0, 1)],
)
CASES = (*MODELS, *SAMPLINGS, *CONTROLLED, *VALUES)
