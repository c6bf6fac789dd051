"""Adapters: what prompts give a network besides their tokens reaches it, beside the right prompt, place and batch entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor, nn

from diffusion.adapters import Given
from diffusion.conditioning import Area, Cond
from diffusion.guidance import guide
from diffusion.models import Model

SHAPE = (2, 4, 32, 32)


@dataclass(frozen=True)
class Telling:
    """Gives a network a number, a plane and two pictures of each prompt, and remembers what arrives together."""

    repeats_contexts: bool = True
    planes: frozenset[str] = frozenset({"plane"})
    calls: list[Given] = field(default_factory=list, compare=False)

    def prepare(self, cond: Cond, shape: Sequence[int]) -> Given:
        value = float(cond.embedding[0, 0, 0])
        pictures = tuple(torch.full((1, 3), value + part) for part in cond.extras.get("pictures", ()))
        return {"number": torch.tensor([value]), "plane": torch.arange(32.0).expand(1, 1, 32, 32), "pictures": pictures}

    def call(self, backbone: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, given: Given) -> Tensor:
        self.calls.append(given)
        number = given["number"]
        assert isinstance(number, Tensor)
        torch.testing.assert_close(number, context[:, 0, 0])  # beside the prompt that gave it
        return number.view(-1, 1, 1, 1).expand(x.shape)


def cond(value: float, tokens: int = 7, **others: object) -> Cond:
    return Cond(torch.full((1, tokens, 32), value), **others)  # type: ignore[arg-type]


@pytest.fixture
def model(tiny_model: Model) -> Model:
    return replace(tiny_model, adapter=Telling())


def run(model: Model, positive: list[Cond], negative: list[Cond], cfg: float = 2.0) -> tuple[Tensor, list[Given]]:
    """Return what the network is taken to have put out, and what each call was given."""
    denoise = guide(model, tuple(positive), tuple(negative), SHAPE, cfg)
    output = -denoise(torch.zeros(SHAPE), torch.ones(SHAPE[0]))
    assert isinstance(model.adapter, Telling)
    return output, model.adapter.calls


def test_both_sides_go_together_each_with_its_own(model: Model) -> None:
    output, [given] = run(model, [cond(3.0)], [cond(1.0)])
    assert sorted(given["number"].tolist()) == [1.0, 1.0, 3.0, 3.0]  # type: ignore[union-attr]
    torch.testing.assert_close(output, torch.full(SHAPE, 1.0 + 2.0 * (3.0 - 1.0)))


def test_what_lies_in_the_plane_is_cut_to_the_prompts_rectangle(model: Model) -> None:
    _, calls = run(model, [cond(3.0, area=Area(16, 8, 0, 20))], [])
    plane = calls[0]["plane"]
    assert isinstance(plane, Tensor)
    torch.testing.assert_close(plane[0, 0, 0], torch.arange(20.0, 28.0))


def test_prompts_that_give_other_shapes_get_calls_of_their_own(model: Model) -> None:
    _, calls = run(model, [cond(3.0, extras={"pictures": (0.25, 0.5)})], [cond(1.0)])
    several = [given["pictures"] for given in calls]
    assert sorted(len(pictures) for pictures in several) == [0, 2]
    [pictures] = [pictures for pictures in several if len(pictures) == 2]
    assert [float(part[0, 0]) for part in pictures] == [3.25, 3.5]


def test_lists_of_equal_length_are_stacked_picture_by_picture(model: Model) -> None:
    prompts = [cond(value, extras={"pictures": (0.25, 0.5)}) for value in (3.0, 1.0)]
    _, [given] = run(model, prompts[:1], prompts[1:])
    first, second = given["pictures"]
    assert sorted(first[:, 0].tolist()) == [1.25, 1.25, 3.25, 3.25]
    assert torch.equal(second, first + 0.25)


@pytest.mark.parametrize(("repeats", "calls"), [(True, 1), (False, 2)])
def test_contexts_are_repeated_only_where_the_network_does_not_notice(model: Model, repeats: bool, calls: int) -> None:
    model = replace(model, adapter=Telling(repeats_contexts=repeats))
    assert len(run(model, [cond(3.0, tokens=14)], [cond(1.0)])[1]) == calls


def test_a_partner_of_an_area_brings_its_own_extras(model: Model) -> None:
    area = Area(16, 16, 0, 0)
    positive = cond(3.0, area=area, extras={"pictures": (0.25,)})
    _, calls = run(model, [positive], [cond(1.0)])
    given = {(float(number), len(each["pictures"])) for each in calls for number in each["number"]}
    assert given == {(3.0, 1), (1.0, 0)}
