"""ControlNets among packs: applied by them, asked by them, and chained with their own, they steer as for Weft's nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from compat.wires import from_pack, to_pack
from compat.wires.control import ControlView
from diffusion.conditioning import Cond, Conditioning
from diffusion.control.chain import apply_control
from diffusion.control.load import load_control_net
from diffusion.control.net import ControlNet
from diffusion.latents import Latent, LatentFormat
from diffusion.models import Model, Vae
from diffusion.sampling import sample
from tests.diffusion.control.nets import (
    ADAPTERS,
    SD1,
    make_adapter,
    make_control_lora,
    make_net,
    write_adapter,
    write_net,
)
from tests.diffusion.control.test_load import AdapterLayout
from tests.tiny_checkpoint import write_state

PICTURE = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(2))
POSITIVE, NEGATIVE = (Cond(torch.ones(1, 7, 32)),), (Cond(torch.zeros(1, 7, 32)),)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> ControlNet:
    path = tmp_path_factory.mktemp("net") / "net.safetensors"
    return load_control_net(write_net(path, make_net(SD1._replace(context_width=32))))


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> ControlNet:
    sizes, path = ADAPTERS["full"], tmp_path_factory.mktemp("t2i") / "t2i.safetensors"
    return load_control_net(write_adapter(path, make_adapter(sizes), sizes, AdapterLayout("", True)))


def sampled(model: Model, positive: Conditioning, negative: Conditioning) -> Tensor:
    latent = Latent(torch.zeros(1, 4, 8, 8))
    more = {"seed": 1, "steps": 3, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal"}
    return sample(model, positive, negative, latent, **more).samples  # type: ignore[arg-type]


def conducted(model: Model) -> Model:
    """Return a model whose samplings a pack carries out, without changing anything."""
    patcher = to_pack("MODEL", model).clone()
    patcher.set_model_unet_function_wrapper(lambda apply, given: apply(given["input"], given["timestep"], **given["c"]))
    changed: Model = from_pack("MODEL", patcher)
    return changed


def test_a_network_comes_back_as_it_went(net: ControlNet) -> None:
    view = to_pack("CONTROL_NET", net)
    assert isinstance(view, ControlView)
    assert from_pack("CONTROL_NET", view) is net


def test_prompts_come_back_with_what_steers_them(net: ControlNet) -> None:
    steered = apply_control(apply_control(POSITIVE, net, PICTURE, 0.5), net, PICTURE, 1.0, 0.1, 0.9)
    pairs = to_pack("CONDITIONING", steered)
    assert pairs[0][1]["control"].previous_controlnet.strength == 0.5
    back = from_pack("CONDITIONING", pairs)
    assert back[0].extras["control"] is steered[0].extras["control"]
    assert back[0].conductor is None


def test_a_pack_may_apply_a_network_itself(tiny_model: Model, net: ControlNet) -> None:
    view = to_pack("CONTROL_NET", net).copy().set_cond_hint(PICTURE.movedim(-1, 1), 0.7, (0.0, 0.6))
    pairs = [[POSITIVE[0].embedding, {"control": view, "control_apply_to_uncond": True}]]
    expected = apply_control(POSITIVE, net, PICTURE, 0.7, 0.0, 0.6, for_uncond=True)
    found = from_pack("CONDITIONING", pairs)
    torch.testing.assert_close(sampled(tiny_model, found, NEGATIVE), sampled(tiny_model, expected, NEGATIVE))


def test_the_vae_and_the_mask_go_with_the_picture(net: ControlNet) -> None:
    vae, mask = Vae(torch.nn.Conv2d(3, 4, 1), LatentFormat()), torch.ones(1, 1, 8, 8)
    given = to_pack("VAE", vae)
    view = to_pack("CONTROL_NET", net).copy().set_cond_hint(PICTURE.movedim(-1, 1), 0.7, (0.0, 1.0), given, [mask])
    (cond,) = from_pack("CONDITIONING", [[POSITIVE[0].embedding, {"control": view}]])
    assert (cond.extras["control"].vae, cond.extras["control"].mask) == (vae, mask)
    (again,) = from_pack("CONDITIONING", to_pack("CONDITIONING", (cond,)))
    assert again.extras["control"] is cond.extras["control"]
    changed = to_pack("CONDITIONING", (cond,))[0][1]["control"].copy()
    changed.set_cond_hint(changed.cond_hint_original, 0.7, (0.0, 1.0))
    (without,) = from_pack("CONDITIONING", [[POSITIVE[0].embedding, {"control": changed}]])
    assert without.extras["control"].vae is None


@pytest.fixture
def control_lora(tiny_model: Model, tmp_path: Path) -> ControlNet:
    return load_control_net(write_state(tmp_path / "lora.safetensors", make_control_lora(tiny_model.backbone)))


@pytest.mark.parametrize("kind", ["net", "adapter", "control_lora"])
def test_samplings_of_packs_are_steered_alike(
    tiny_model: Model, net: ControlNet, kind: str, request: pytest.FixtureRequest
) -> None:
    steered = apply_control(POSITIVE, request.getfixturevalue(kind), PICTURE, 0.7, 0.0, 0.6, for_uncond=True)
    steered = apply_control(steered, net, PICTURE.flip(1), 0.4, 0.2, for_uncond=True)
    expected = sampled(tiny_model, steered, NEGATIVE)
    assert not torch.equal(expected, sampled(tiny_model, POSITIVE, NEGATIVE))
    torch.testing.assert_close(sampled(conducted(tiny_model), steered, NEGATIVE), expected, atol=1e-4, rtol=1e-4)


class Own:
    """A ControlNet of a pack, which shifts the middle of the network."""

    previous_controlnet: Any = None

    def pre_run(self, model: Any, threshold: Any) -> None:
        pass

    def get_control(self, x: Tensor, t: Tensor, cond: Any, batched: int, options: Any) -> Any:
        return {
            "input": [],
            "middle": [torch.full((x.shape[0], 64, x.shape[-2] // 2, x.shape[-1] // 2), 0.5)],
            "output": [],
        }

    def cleanup(self) -> None:
        pass


def test_a_network_behind_one_of_a_pack_acts_with_it(tiny_model: Model, net: ControlNet) -> None:
    foreign = from_pack("CONDITIONING", [[POSITIVE[0].embedding, {"control": Own()}]])
    steered = apply_control(foreign, net, PICTURE, 0.7)
    assert steered[0].conductor is not None
    both = sampled(tiny_model, steered, NEGATIVE)
    others = [sampled(tiny_model, each, NEGATIVE) for each in (foreign, apply_control(POSITIVE, net, PICTURE, 0.7))]
    assert not any(torch.equal(both, other) for other in others)
