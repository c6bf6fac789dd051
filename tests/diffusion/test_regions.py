"""Areas, masks and ranges, resolved to cells, weights and noise levels."""

from __future__ import annotations

import torch

from diffusion.conditioning import Area, Cond, PercentArea
from diffusion.parameterization import Parameterization
from diffusion.regions import Box, Region, Regions, fit_regions, mask_bounds, resolve_area

SHAPE = (1, 4, 32, 32)


def cond(value: float = 0.0, **fields: object) -> Cond:
    return Cond(torch.full((1, 77, 8), value), **fields)


def fit(
    parameterization: Parameterization, *positive: Cond, negative: tuple[Cond, ...] = ()
) -> tuple[Regions, Regions]:
    return fit_regions(positive, negative, SHAPE, parameterization)


def prompt(region: Region) -> float:
    return float(region.context[0, 0, 0])


def test_a_plain_prompt_is_a_region_without_limits(eps: Parameterization) -> None:
    region = fit(eps, cond())[0][0]
    assert (region.box, region.weight, region.has_range) == (None, None, False)


def test_areas_are_cells_or_parts_of_the_latent() -> None:
    assert resolve_area(Area(8, 16, 4, 2), 32, 32) == Box(rows=8, columns=16, top=4, left=2)
    assert resolve_area(PercentArea(0.5, 0.25, 0.5, 0.75), 32, 64) == Box(rows=16, columns=16, top=16, left=48)
    assert resolve_area(PercentArea(0.0, 0.0, 0.0, 0.0), 32, 32) == Box(1, 1, 0, 0)


def test_an_area_fades_over_eight_cells_where_it_does_not_touch_the_edge(eps: Parameterization) -> None:
    region = fit(eps, cond(area=Area(32, 32, 0, 16)))[0][0]
    assert region.box == Box(32, 16, 0, 16)
    assert region.weight is not None
    across = region.weight[0, 0, 0]
    assert across.tolist() == [0.25, 0.5, 0.75, 1.0] + [1.0] * 12  # a quarter of its width
    torch.testing.assert_close(region.weight, across.expand_as(region.weight))


def test_a_wide_area_fades_over_exactly_eight_cells(eps: Parameterization) -> None:
    region = fit_regions((cond(area=Area(64, 64, 32, 0)),), (), (1, 4, 128, 64), eps)[0][0]
    assert region.weight is not None
    torch.testing.assert_close(region.weight[0, 0, :8, 0], torch.arange(1, 9) / 8)
    torch.testing.assert_close(region.weight[0, 0, -8:, 0], torch.arange(8, 0, -1) / 8)
    assert bool((region.weight[0, 0, 8:-8] == 1).all())


def test_strength_scales_the_weight(eps: Parameterization) -> None:
    region = fit(eps, cond(strength=0.5))[0][0]
    assert region.weight is not None
    assert bool((region.weight == 0.5).all())


def test_a_mask_is_resized_to_the_latent_and_takes_both_strengths(eps: Parameterization) -> None:
    mask = torch.zeros(1, 256, 256)
    mask[:, :128] = 1
    region = fit(eps, cond(mask=mask, mask_strength=0.5, strength=0.5))[0][0]
    assert region.box is None
    assert region.weight is not None
    assert region.weight.shape == (1, 1, 32, 32)
    assert bool((region.weight[..., :15, :] == 0.25).all())
    assert not region.weight[..., 17:, :].any()


def test_mask_bounds_surround_the_mask_with_a_least_size() -> None:
    mask = torch.zeros(2, 32, 32)
    assert mask_bounds(mask) == Box(8, 8, 0, 0)
    mask[0, 3:20, 5] = 1
    mask[1, 4, 25] = 0.1
    assert mask_bounds(mask) == Box(17, 21, 3, 5)
    assert mask_bounds(mask[:1]) == Box(17, 8, 3, 5)


def test_set_area_to_bounds_computes_only_the_part_around_the_mask(eps: Parameterization) -> None:
    mask = torch.zeros(1, 32, 32)
    mask[:, 20:, 20:] = 1
    region = fit(eps, cond(mask=mask, set_area_to_bounds=True))[0][0]
    assert region.box == Box(12, 12, 20, 20)
    assert region.weight is not None
    assert bool((region.weight == 1).all())


def test_an_area_gets_a_partner_with_the_other_sides_prompt(eps: Parameterization) -> None:
    positive, negative = fit(eps, cond(1.0), cond(2.0, area=Area(16, 16, 0, 0), strength=0.5), negative=(cond(3.0),))
    assert [prompt(region) for region in positive] == [1.0, 2.0]
    assert [prompt(region) for region in negative] == [3.0, 3.0]
    assert negative[1].box == positive[1].box
    assert negative[1].weight is not None
    assert positive[1].weight is not None
    torch.testing.assert_close(negative[1].weight, positive[1].weight)


def test_the_partner_takes_the_smallest_area_around_and_none_is_added_twice(eps: Parameterization) -> None:
    area = Area(8, 8, 0, 0)
    around = cond(4.0, area=Area(16, 16, 0, 0))
    _, negative = fit(eps, cond(2.0, area=area), negative=(cond(3.0), around))
    assert [prompt(region) for region in negative] == [3.0, 4.0, 4.0]
    _, same = fit(eps, cond(2.0, area=area), negative=(cond(3.0, area=area),))
    assert len(same) == 1


def test_ranges_become_noise_levels_with_both_ends_inside(eps: Parameterization) -> None:
    region = fit(eps, cond(start_percent=0.25, end_percent=0.75))[0][0]
    start, end = (float(torch.tensor(eps.percent_to_sigma(p))) for p in (0.25, 0.75))
    assert region.is_active(start)
    assert region.is_active(end)
    assert not region.is_active(start * 1.001)
    assert not region.is_active(end * 0.999)


def test_an_area_over_the_edge_is_cut(eps: Parameterization) -> None:
    region = fit(eps, cond(area=Area(64, 64, 16, 24)))[0][0]
    assert region.box == Box(16, 8, 16, 24)
