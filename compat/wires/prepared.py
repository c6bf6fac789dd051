"""Prompts during a sampling, as packs see them: lists of dictionaries with `model_conds`; and the predictions for them.

    entries = prepared_entries(base, {"positive": converted(pairs), …}, noise.shape, device)
    cond, uncond = calc_cond_batch(base, [entries["positive"], entries["negative"]], x, sigma, model_options)

An entry has all that its pair had. Where it acts (diffusion.regions) is under `area`, `timestep_start`, `timestep_end` and
REGION; what it gives the network under `model_conds`. Packs may change these, or make entries of their own.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from compat.current import raise_if_interrupted
from compat.wires.conditioning import cond_of
from compat.wires.conditioning import to_pack as pairs_of
from compat.wires.conds import CONDConstant, CONDCrossAttn, CONDList, CONDNoiseShape, CONDRegular
from compat.wires.extension import TRANSFORMER, WrappersMP, copy_nested_dicts, through
from compat.wires.told import no_effect
from diffusion.adapters import Given, UNetAdapter
from diffusion.conditioning import Cond, Conditioning, with_defaults
from diffusion.guidance import NOTHING_SEEN
from diffusion.models import Model
from diffusion.parameterization import Parameterization
from diffusion.predictions import NetworkCall, predict
from diffusion.regions import Region, fit_regions

CONTEXT, REGION, CONDS, TOKENS, ID = "c_crossattn", "weft_region", "model_conds", "cross_attn", "uuid"
OWN = (REGION, CONDS, TOKENS, ID, "timestep_start", "timestep_end")
Entry = dict[str, Any]
Options = dict[str, Any]


def converted(pairs: Any) -> list[Entry]:
    """Return pairs as entries, before they are fitted to a latent."""
    entries = pairs_of(pairs) if isinstance(pairs, tuple) else pairs
    return [
        {**pair[1], **({} if pair[0] is None else {TOKENS: pair[0]}), CONDS: pair[1].get(CONDS, {}), ID: uuid.uuid4()}
        for pair in entries
    ]


def conditioning_entries(
    base: Any, sides: Mapping[str, Conditioning], shape: Sequence[int], device: torch.device
) -> dict[str, list[Entry]]:
    """Return prompts as entries that are fitted to a latent."""
    return prepared_entries(base, {name: converted(side) for name, side in sides.items()}, shape, device)


def prepared_entries(
    base: Any,
    sides: Mapping[str, Sequence[Entry]],
    shape: Sequence[int],
    device: torch.device,
    seen: Mapping[str, Any] = NOTHING_SEEN,
) -> dict[str, list[Entry]]:
    """Fit entries to a latent of `shape`: places, times, what the network takes; sides get partners for areas.

    seen: what prompts are taken to have besides, as diffusion.guidance.guide has it.
    """
    prompts = {
        name: with_defaults(tuple(map(_cond, entries)), {**seen, "prompt_type": name})
        for name, entries in sides.items()
    }
    others = {name: "negative" if name == "positive" else "positive" for name in sides}
    found: dict[str, list[Entry]] = {}
    for name, entries in sides.items():
        regions = _fit(base.handle, prompts[name], prompts.get(others[name], ()), shape, device)
        added = [entries[0] if entries else {}] * (len(regions) - len(entries))
        found[name] = [_fitted(base, entry, region) for entry, region in zip([*entries, *added], regions, strict=True)]
    share_controls(found)
    for entry in (entry for entries in found.values() for entry in entries if "control" in entry):
        entry["control"].pre_run(base, base.model_sampling.percent_to_sigma)
    return found


def share_controls(sides: Mapping[str, list[Entry]]) -> None:
    """Give prompts of other sides the ControlNets of positive ones that ask for it, unless they have their own."""
    asking = [entry for entry in sides.get("positive", ()) if entry.get("control_apply_to_uncond")]
    controls = [entry["control"] for entry in asking if "control" in entry]
    for name, entries in sides.items():
        if name == "positive" or any("control" in entry for entry in entries):
            continue
        for entry, control in zip(entries, itertools.cycle(controls) if controls else (), strict=False):
            entry["control"] = control


def calc_cond_batch(
    model: Any, conds: Sequence[Any], x_in: Tensor, timestep: Tensor, model_options: Options
) -> list[Tensor]:
    """Return the finished latents that entries give, for each side; zeros for one that is None."""
    handler = model_options.get("context_handler")
    if handler is not None and handler.should_use_context(model, conds, x_in, timestep, model_options):
        slid: list[Tensor] = handler.execute(_through_wrappers, model, conds, x_in, timestep, model_options)
        return slid
    return _through_wrappers(model, conds, x_in, timestep, model_options)


predict_entries = calc_cond_batch


def _through_wrappers(model: Any, conds: Any, x_in: Tensor, timestep: Tensor, model_options: Options) -> list[Tensor]:
    work = through(WrappersMP.CALC_COND_BATCH, model_options, _calc, is_model_options=True)
    found: list[Tensor] = work(model, conds, x_in, timestep, model_options)
    return found


def _calc(model: Any, conds: Any, x_in: Tensor, timestep: Tensor, model_options: Options) -> list[Tensor]:
    placed = [[(_region(entry, x_in), entry) for entry in side or ()] for side in conds]
    entries = {id(region): entry for side in placed for region, entry in side}
    is_controlled = any("control" in entry for entry in entries.values())
    if model.current_patcher is not None:
        model.current_patcher.prepare_state(timestep, model_options)
    return predict(
        model.handle,
        [tuple(region for region, _ in side) for side in placed],
        x_in,
        timestep,
        1 if is_controlled else None,
        call=partial(_call, model, entries, timestep, model_options),
    )


def _call(
    base: Any, entries: Mapping[int, Entry], timestep: Tensor, model_options: Options, handle: Model, call: NetworkCall
) -> Tensor:
    """Let one batch go through the network, as ComfyUI calls it, unless the pack's node is to end."""
    raise_if_interrupted()
    together = [entries[id(region)] for region in call.regions]
    transformer = copy_nested_dicts(model_options.get(TRANSFORMER, {}))
    sides = list(call.sides)
    transformer |= {"cond_or_uncond": sides, "uuids": [entry[ID] for entry in together], "sigmas": timestep}
    c: Options = {CONTEXT: call.context, **call.given, **_constants(together[0]), TRANSFORMER: transformer}
    control = together[0].get("control")
    if control is not None:
        c["control"] = control.get_control(call.x, call.sigma, c, len(sides), transformer)
    wrapper = model_options.get("model_function_wrapper")
    if wrapper is None:
        output: Tensor = base.apply_model(call.x, call.sigma, **c)
        return output
    arguments = {"input": call.x, "timestep": call.sigma, "c": c, "cond_or_uncond": sides}
    output = wrapper(base.apply_model, arguments)
    return output


def _constants(entry: Entry) -> Options:
    return {name: cond.cond for name, cond in entry[CONDS].items() if isinstance(cond, CONDConstant)}


def _cond(entry: Entry) -> Cond:
    return cond_of(entry.get(TOKENS), {name: value for name, value in entry.items() if name not in OWN})


def _fit(model: Model, side: Conditioning, other: Conditioning, shape: Sequence[int], device: torch.device) -> Any:
    fitted = fit_regions(
        side, other, shape, model.parameterization, device=device, dtype=model.dtype, adapter=model.adapter, model=model
    )
    return fitted[0]


def _fitted(base: Any, entry: Entry, region: Region) -> Entry:
    """Return an entry with what a region says."""
    planes = base.handle.adapter.planes
    conds: dict[str, Any] = {
        name: (CONDList if isinstance(value, tuple) else CONDNoiseShape if name in planes else CONDRegular)(value)
        for name, value in region.given.items()
    }
    found = {**entry, ID: entry.get(ID, uuid.uuid4()), REGION: region}
    for name, value in (("timestep_start", region.sigma_start), ("timestep_end", region.sigma_end)):
        if value is not None:
            found[name] = value
    if region.box is not None:
        found["area"] = tuple(region.box)
    if "hooks" in entry:
        no_effect("hooks of conditionings")
    return {**found, CONDS: {CONTEXT: CONDCrossAttn(region.context), **conds, **entry.get(CONDS, {})}}


def _region(entry: Entry, x: Tensor) -> Region:
    """Return where an entry acts, with what it gives the network now."""
    known: Region = entry[REGION] if REGION in entry else _own_region(entry, x)
    conds = entry[CONDS]
    area = None if known.box is None else (known.box.rows, known.box.columns, known.box.top, known.box.left)
    given: Given = {name: _value(cond, known, x, area) for name, cond in conds.items() if _is_given(name, cond)}
    context = conds[CONTEXT].process_cond(batch_size=x.shape[0], area=None).cond
    start, end = entry.get("timestep_start"), entry.get("timestep_end")
    return Region(context, known.box, known.weight, start, end, given)


def _is_given(name: str, cond: Any) -> bool:
    return name != CONTEXT and not isinstance(cond, CONDConstant)


def _value(cond: Any, known: Region, x: Tensor, area: Any) -> Any:
    """Return a value for the batch; those that came with the region are cut to its place already."""
    if any(cond.cond is value for value in known.given.values()):
        return cond.cond
    fitted = cond.process_cond(batch_size=x.shape[0], area=area).cond
    return tuple(fitted) if isinstance(fitted, list) else fitted


def _own_region(entry: Entry, x: Tensor) -> Region:
    """Return the place of an entry that a pack made without fitting it."""
    tokens = entry[CONDS][CONTEXT].cond
    silent = {name: value for name, value in entry.items() if name not in (*OWN, "start_percent", "end_percent")}
    times_are_set = Parameterization()  # nothing is asked of it: the entry has no percents
    fitted = fit_regions((cond_of(tokens, silent),), (), x.shape, times_are_set, device=x.device, adapter=UNetAdapter())
    return fitted[0][0]
