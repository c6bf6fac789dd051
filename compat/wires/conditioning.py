"""CONDITIONING: a tuple of Conds here, a list of pairs in packs.

to_pack((Cond(embedding, pooled),))  # [[embedding, {"pooled_output": pooled}]]
from_pack(to_pack(conditioning)) == conditioning, and to_pack(from_pack(pairs)) has the same entries as pairs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from torch import Tensor

from compat.wires.control import control_of, view_of
from diffusion.conditioning import Area, Cond, PercentArea
from diffusion.control.chain import Control
from diffusion.patches import Conductor

PERCENTAGE, CONTROL = "percentage", "control"
NAMES: Mapping[str, str] = MappingProxyType(  # of a Cond's fields in packs
    {
        "pooled": "pooled_output",
        "area": "area",
        "mask": "mask",
        "mask_strength": "mask_strength",
        "set_area_to_bounds": "set_area_to_bounds",
        "strength": "strength",
        "start_percent": "start_percent",
        "end_percent": "end_percent",
    }
)
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Cond) if field.name in NAMES}


@dataclass(frozen=True)
class PackCond(Cond):
    """A prompt of a pack. given: names of the fields that its dictionary had, also where they say nothing new."""

    given: frozenset[str] = frozenset()

    @property
    def conductor(self) -> Conductor | None:
        """What carries samplings out with a ControlNet of a pack."""
        if _is_steered_by_weft(self.extras):
            return None
        from compat.wires.conducting import CONDUCTOR

        return CONDUCTOR


def to_pack(value: Any) -> Any:
    """Return the pairs of a conditioning; a tuple of anything else item by item."""
    if value and all(isinstance(cond, Cond) for cond in value):
        return [[cond.embedding, entries_of(cond)] for cond in value]
    from compat.wires import ANYTHING
    from compat.wires import to_pack as any_to_pack

    changed = tuple(any_to_pack(ANYTHING, item) for item in value)
    is_same = type(value) is not tuple or all(new is old for new, old in zip(changed, value, strict=True))
    return value if is_same else changed


def from_pack(value: Any) -> Any:
    """Return the conditioning of a list of pairs; anything else as it is."""
    if not isinstance(value, list) or not all(map(_is_pair, value)):
        return value
    return tuple(cond_of(pair[0], pair[1]) for pair in value)


def entries_of(cond: Cond) -> dict[str, Any]:
    """Return the dictionary of a prompt's pair."""
    given = cond.given if isinstance(cond, PackCond) else _usual(cond)
    found = {
        NAMES[name]: _area_of(getattr(cond, name)) if name == "area" else getattr(cond, name)
        for name, default in DEFAULTS.items()
        if name in given or not _is_default(getattr(cond, name), default)
    }
    extras = dict(cond.extras)
    if CONTROL in extras:
        extras[CONTROL] = view_of(extras[CONTROL])
    return {**found, **extras}


def _usual(cond: Cond) -> frozenset[str]:
    """Return the fields that ComfyUI's own nodes set with those that say something."""
    area = ("strength", "set_area_to_bounds") if cond.area is not None else ()
    mask = ("mask_strength", "set_area_to_bounds") if cond.mask is not None else ()
    is_timed = cond.start_percent > 0.0 or cond.end_percent < 1.0
    return frozenset({"pooled", *area, *mask, *(("start_percent", "end_percent") if is_timed else ())})


def cond_of(embedding: Any, entries: Mapping[str, Any]) -> Cond:
    """Return a pair as a prompt; entries that no field is for are its extras."""
    known = {name: entries[key] for name, key in NAMES.items() if key in entries}
    extras = {key: value for key, value in entries.items() if key not in NAMES.values()}
    if CONTROL in extras:
        extras[CONTROL] = control_of(extras[CONTROL])
    if known.get("area") is not None:
        area = known["area"]
        known["area"] = PercentArea(*area[1:]) if area[0] == PERCENTAGE else Area(*map(int, area))
    plain = Cond(embedding, **known, extras=extras)
    telling = {name for name, value in known.items() if not _is_default(value, DEFAULTS[name])}
    if telling | _usual(plain) == set(known) and _is_steered_by_weft(extras):
        return plain
    return PackCond(embedding, **known, extras=extras, given=frozenset(known))


def _is_steered_by_weft(extras: Mapping[str, Any]) -> bool:
    """Return whether no ControlNet of a pack acts on a prompt."""
    control = extras.get(CONTROL)
    return control is None or (isinstance(control, Control) and control.is_whole)


def _is_pair(pair: Any) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and isinstance(pair[0], Tensor | None)
        and isinstance(pair[1], dict)
    )


def _is_default(value: Any, default: Any) -> bool:
    return value is default or (isinstance(default, bool | float) and bool(value == default))


def _area_of(area: Area | PercentArea | None) -> Any:
    return (PERCENTAGE, *area) if isinstance(area, PercentArea) else area if area is None else tuple(area)
