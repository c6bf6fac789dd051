"""The second tier of ComfyUI's modules: every name is there, does its work, or says that it is not there."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from compat.shims.finder import HERE
from compat.wires import from_pack, to_pack
from compat.wires.sampling_view import parameterization_of, sampling_of
from compat.wires.weight_patches import calculate_weight
from diffusion.checkpoints.load import Checkpoint
from diffusion.levels import AngularLevels, DiscreteLevels
from diffusion.lora import apply_lora, open_lora
from diffusion.parameterization import LCM_STRIDE, Parameterization
from diffusion.samplers import SAMPLERS
from diffusion.samplers.euler import euler, euler_ancestral
from diffusion.schedules import SCHEDULERS, sigmas_for

pytestmark = pytest.mark.usefixtures("modules")
TIER = sorted(
    ".".join(path.relative_to(HERE).with_suffix("").parts).removesuffix(".__init__")
    for path in HERE.glob("comfy/**/*.py")
)
PARAMETERIZATIONS = (
    Parameterization("eps"),
    Parameterization("v", levels=DiscreteLevels(zsnr=True)),
    Parameterization("v", levels=AngularLevels(0.03, 500.0)),
    Parameterization("flow", shift=3.0),
    Parameterization("x0"),
    Parameterization("lcm", levels=DiscreteLevels(stride=LCM_STRIDE)),
)
ROOT = Path(__file__).parents[3]


def module(name: str) -> Any:
    return importlib.import_module(name)


@pytest.mark.parametrize("name", TIER)
def test_every_module_has_all_that_it_names(name: str) -> None:
    found = module(name)
    assert [each for each in getattr(found, "__all__", ()) if not hasattr(found, each)] == []


def test_modules_are_there_without_being_imported() -> None:
    assert module("comfy").k_diffusion.sampling is module("comfy.k_diffusion.sampling")


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("comfy.sd1_clip", "SDTokenizer"),
        ("comfy.sd", "load_gligen"),
        ("comfy.controlnet", "load_controlnet_state_dict"),
        ("comfy.model_base", "Flux"),
    ],
)
def test_what_is_not_there_says_so(name: str, attribute: str) -> None:
    with pytest.raises(ImportError, match=f"{name}.*the rest of the pack may"):
        exec(f"from {name} import {attribute}", {"__name__": "custom_nodes.mine"})


def test_samplers_and_schedules_have_comfyuis_names() -> None:
    samplers = module("comfy.samplers")
    assert set(samplers.SAMPLER_NAMES) == set(SAMPLERS)
    assert samplers.SAMPLER_NAMES[-3:] == ["ddim", "uni_pc", "uni_pc_bh2"]
    assert list(SCHEDULERS) == samplers.SCHEDULER_NAMES
    functions = module("comfy.k_diffusion.sampling")
    assert all(callable(getattr(functions, f"sample_{name}")) for name in samplers.KSAMPLER_NAMES)


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS[:4], ids=lambda each: each.prediction)
def test_schedules_are_those_of_the_samplers(name: str, parameterization: Parameterization) -> None:
    made = module("comfy.samplers").calculate_sigmas(sampling_of(parameterization), name, 7)
    assert torch.allclose(made, sigmas_for(name, parameterization, 7), rtol=1e-5)


@pytest.mark.parametrize("parameterization", PARAMETERIZATIONS, ids=lambda each: each.prediction)
def test_model_sampling_is_the_parameterization(parameterization: Parameterization) -> None:
    sampling = sampling_of(parameterization)
    assert parameterization_of(sampling) is parameterization
    x, output, sigma = torch.randn(2, 4, 3, 3), torch.randn(2, 4, 3, 3), parameterization.sigmas[[100 % 50, 40]]
    pairs: list[tuple[Tensor, Tensor]] = [
        (sampling.calculate_input(sigma, x), parameterization.scale_input(x, sigma)),
        (sampling.calculate_denoised(sigma, output, x), parameterization.to_denoised(output, x, sigma)),
        (sampling.noise_scaling(sigma[0], x, output), parameterization.noise_scaling(sigma[0], x, output)),
        (sampling.timestep(sigma), parameterization.timestep(sigma)),
        (sampling.sigma(sampling.timestep(sigma)), parameterization.sigma(parameterization.timestep(sigma))),
        (sampling.sigmas, parameterization.sigmas),
    ]
    assert all(torch.allclose(mine.float(), ours.float(), rtol=1e-4) for mine, ours in pairs)
    for percent in (0.0, 0.3, 1.0):
        assert sampling.percent_to_sigma(percent) == pytest.approx(parameterization.percent_to_sigma(percent), rel=1e-4)


def test_a_changed_model_sampling_counts() -> None:
    sampling = sampling_of(Parameterization("flow"))
    sampling.set_parameters(shift=5.0)
    changed = parameterization_of(sampling)
    assert changed.is_flow
    assert changed.percent_to_sigma(0.5) == pytest.approx(Parameterization("flow", shift=5.0).percent_to_sigma(0.5))
    with pytest.raises(TypeError, match="does not say what the network's output means"):
        parameterization_of(module("comfy.model_sampling").ModelSamplingDiscrete())


class Halving:
    """A denoiser in packs' form."""

    def __call__(self, x: Tensor, sigma: Tensor, **extra: Any) -> Tensor:
        return x * 0.5

    @property
    def parameterization(self) -> Parameterization:
        return Parameterization()


def test_samplers_take_the_options_of_packs() -> None:
    functions = module("comfy.k_diffusion.sampling")
    x, sigmas, told = torch.randn(1, 4, 2, 2), torch.tensor([8.0, 4.0, 1.0, 0.0]), []
    plain = functions.sample_euler(Halving(), x, sigmas, callback=told.append, s_churn=0.0, s_noise=2.0)
    assert torch.allclose(plain, euler(Halving(), x, sigmas))  # type: ignore[arg-type]
    assert [step["i"] for step in told] == [0, 1, 2]
    given: list[tuple[float, float]] = []

    def waves(sigma: Tensor, sigma_next: Tensor) -> Tensor:
        given.append((float(sigma), float(sigma_next)))
        return torch.ones_like(x)

    ours = euler_ancestral(Halving(), x, sigmas, seed=lambda a, b: torch.full_like(x, 3.0), eta=0.5)  # type: ignore[arg-type]
    theirs = functions.sample_euler_ancestral(Halving(), x, sigmas, eta=0.5, s_noise=3.0, noise_sampler=waves)
    assert torch.allclose(ours, theirs)
    assert given == [(8.0, 4.0), (4.0, 1.0)]
    with pytest.raises(ValueError, match=r"sampler heun of Weft has no parameter s_churn=0\.4"):
        functions.sample_heun(Halving(), x, sigmas, s_churn=0.4)


def test_weights_take_all_kinds_of_patches() -> None:
    weight = torch.ones(4, 3)
    up, down = torch.rand(4, 2), torch.rand(2, 3)
    one = torch.ones(4, 3)
    kinds: list[tuple[Any, Tensor]] = [
        ((0.5, (one,), 1.0, None, None), weight * 1.5),
        ((0.5, ("diff", (one,)), 2.0, None, None), weight * 2.5),
        ((0.5, ("set", (one * 7,)), 1.0, None, None), weight * 7),
        ((0.5, ("lora", (up, down, 1.0, None, None, None)), 1.0, None, None), weight + 0.25 * up @ down),
        ((1.0, (one,), 1.0, None, lambda change: change * 3), weight * 4),
        ((1.0, [(one * 2, lambda base, **more: base), (1.0, (one,), 1.0, None, None)], 1.0, None, None), weight * 4),
    ]
    for entry, expected in kinds:
        assert torch.allclose(calculate_weight([entry], weight.clone(), "a"), expected)
    half = calculate_weight([(1.0, (torch.ones(2, 3),), 1.0, (0, 2, 2), None)], weight.clone(), "a")
    assert half.sum(dim=1).tolist() == [3.0, 3.0, 6.0, 6.0]


def test_lora_files_become_patches_of_weights(loaded: Checkpoint) -> None:
    path = ROOT / "models" / "loras" / "weft-night.safetensors"
    from diffusion.checkpoints import load_checkpoint

    demo = load_checkpoint(ROOT / "models" / "checkpoints" / "weft-demo.safetensors", dtype=torch.float32)
    lora, patcher = module("comfy.lora"), to_pack("MODEL", demo.model).clone()
    changes = lora.load_lora(load_file(path), lora.model_lora_keys_unet(patcher.model, {}), log_missing=False)
    assert len(patcher.add_patches(changes, 0.6)) == len(changes) > 0
    x, context = torch.randn(1, 4, 8, 8), torch.randn(1, 77, 128)
    ours = apply_lora(open_lora(path), demo.model, None, 0.6).model
    assert ours is not None
    theirs = from_pack("MODEL", patcher)
    assert torch.allclose(*(each.apply(x, torch.tensor([9.0]), context) for each in (ours, theirs)), atol=1e-5)


@pytest.mark.parametrize(
    ("name", "make", "x"),
    [
        ("Linear", lambda cls: cls(3, 2), torch.randn(4, 3)),
        ("Conv2d", lambda cls: cls(3, 2, 3), torch.randn(1, 3, 5, 5)),
        ("GroupNorm", lambda cls: cls(1, 3), torch.randn(1, 3, 2, 2)),
        ("LayerNorm", lambda cls: cls(3), torch.randn(2, 3)),
        ("Embedding", lambda cls: cls(5, 3), torch.tensor([1, 4])),
    ],
)
def test_layers_of_packs_compute_as_torchs_in_the_inputs_precision(
    name: str, make: Callable[[Any], nn.Module], x: Tensor
) -> None:
    plain = make(getattr(nn, name))
    layer = make(getattr(module("comfy.ops").manual_cast, name))
    layer.load_state_dict(plain.state_dict())
    kept = layer.to(torch.bfloat16)
    expected = plain.to(torch.bfloat16).float()(x)
    assert torch.allclose(kept(x).float(), expected)
    assert kept(x).dtype is (torch.float32 if x.is_floating_point() else torch.bfloat16)


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_rounding_by_chance_keeps_the_mean_and_goes_to_a_neighbour(dtype: torch.dtype) -> None:
    value = torch.full((20_000,), 1.07)
    rounded = module("comfy.float").stochastic_rounding(value, dtype, seed=1).float()
    assert set(rounded.tolist()) == ({1.0, 1.125} if dtype is torch.float8_e4m3fn else {1.0, 1.25})
    assert float(rounded.mean()) == pytest.approx(1.07, abs=2e-3)


def test_attention_is_that_of_each_head() -> None:
    attend = module("comfy.ldm.modules.attention").optimized_attention
    q, k, v = (torch.randn(2, 5, 6) for _ in range(3))
    heads = [torch.softmax(q[..., s] @ k[..., s].mT / 3**0.5, dim=-1) @ v[..., s] for s in (slice(0, 3), slice(3, 6))]
    assert torch.allclose(attend(q, k, v, 2), torch.cat(heads, dim=-1), atol=1e-6)
    split = [x.reshape(2, 5, 2, 3).transpose(1, 2) for x in (q, k, v)]
    assert torch.allclose(attend(*split, 2, skip_reshape=True), torch.cat(heads, dim=-1), atol=1e-6)


def test_models_of_packs_are_moved_and_patched_by_their_patcher() -> None:
    network = nn.Linear(2, 2, bias=False)
    before = network.weight.detach().clone()
    patcher = module("comfy.model_patcher").ModelPatcher(network, torch.device("cpu"), torch.device("cpu"))
    patcher.add_patches({"weight": (torch.ones(2, 2),)}, 2.0)
    module("comfy.model_management").load_models_gpu([patcher])
    assert torch.equal(network.weight.detach(), before + 2)
    patcher.detach()
    assert torch.equal(network.weight.detach(), before)
    assert patcher.model_size() == 16
