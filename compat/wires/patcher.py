"""MODEL: a Model here, a ModelPatcher in packs.

    patcher = to_pack(model).clone()
    patcher.set_model_sampler_cfg_function(lambda args: …)
    from_pack(patcher)  # a handle that is sampled through what the pack put in

A ModelPatcher that comes back unchanged is the handle that it was. One with changes becomes a PackModel, which remembers it:
between packs it goes as the same object; after an operator changed the handle, as a new one with both kinds of changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from torch import Tensor

from compat.wires.base_model import BaseModel, base_model_of
from compat.wires.model_options import SAMPLED, TRANSFORMER
from compat.wires.native_patches import native_usage, with_native, without_native
from compat.wires.patcher_parts import PatcherParts, ids_of
from compat.wires.sampling_view import parameterization_of
from compat.wires.told import no_effect
from compat.wires.weight_patches import PackChange, WeightEntry, calculate_weight
from diffusion.models import Model
from diffusion.overlay import WeightPatch
from diffusion.patches import Usage

SAMPLING = "model_sampling"


class ModelPatcher(PatcherParts):
    """A model with what a pack changes of it: one of Weft's, or a pack's own module that is moved by it."""

    def __init__(
        self,
        model: Any,
        load_device: torch.device,
        offload_device: torch.device,
        size: int = 0,
        weight_inplace_update: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self.load_device, self.offload_device = load_device, offload_device
        self.size, self.weight_inplace_update = size, weight_inplace_update
        self.patches: dict[str, list[WeightEntry]] = {}
        self.object_patches: dict[str, Any] = {}
        self._backup: dict[str, Tensor] = {}
        self._made: Model | None = None  # the handle that it stands for, as long as nothing in it changes
        self._state: Any = None

    def stands_for(self, model: Model) -> bool:
        """Return whether it is what a handle was made from, and nothing in it changed since."""
        return self._made is model and self._state == state_of(self)

    @property
    def is_weft(self) -> bool:
        """Whether the model's weights are with Weft's scheduler."""
        return bool(getattr(self.model, "is_kept_by_weft", False))

    def clone(self, *unused: Any, **named: Any) -> ModelPatcher:
        """Return a patcher of the same model that may be changed without changing this one."""
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        made._copy_parts()
        made.patches = {key: list(entries) for key, entries in self.patches.items()}
        made.object_patches = dict(self.object_patches)
        made._backup = {}
        made._made = None
        for callback in self.get_all_callbacks("on_clone"):
            callback(self, made)
        if self._made is not None and state_of(made) == self._state:
            made._made, made._state = self._made, self._state
        return made

    def is_clone(self, other: Any) -> bool:
        """Return whether another patcher has the same model."""
        return hasattr(other, "model") and self.model is other.model

    def clone_has_same_weights(self, clone: Any, *unused: Any, **named: Any) -> bool:
        """Return whether another patcher has the same model with the same patches."""
        return self.is_clone(clone) and ids_of(self.patches) == ids_of(clone.patches)

    def model_size(self) -> int:
        """Return the bytes of the weights."""
        if self.size <= 0:
            self.size = sum(tensor.nbytes for tensor in self.model.state_dict().values())
        return self.size

    def loaded_size(self) -> int:
        """Return the bytes on the device: all of a pack's module there; Weft's are with the scheduler."""
        return 0 if self.is_weft or self.current_loaded_device() != self.load_device else self.model_size()

    def current_loaded_device(self) -> torch.device:
        """Return where the model is."""
        if self.is_weft:
            return self.load_device
        first = next(iter(self.model.parameters()), None)
        return self.offload_device if first is None else first.device

    def memory_required(self, input_shape: Any) -> float:
        """Return what ComfyUI takes the work for, in bytes."""
        needed: float = self.model.memory_required(input_shape=input_shape)
        return needed

    def model_dtype(self) -> torch.dtype | None:
        """Return the precision in which the model computes."""
        found: torch.dtype | None = self.model.get_dtype() if hasattr(self.model, "get_dtype") else None
        return found

    def add_object_patch(self, name: str, obj: Any) -> None:
        """Put another object in the place of one of the model's, by its path."""
        self.object_patches[name] = obj

    def get_model_object(self, name: str) -> Any:
        """Return an object of the model by its path, with patches."""
        if name in self.object_patches:
            return self.object_patches[name]
        found = self.model
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def add_patches(
        self, patches: Mapping[Any, Any], strength_patch: float = 1.0, strength_model: float = 1.0
    ) -> list[Any]:
        """Add patches of weights, by their names in the original files; return those whose weight there is."""
        known = self.weight_keys()
        found = []
        for key, value in patches.items():
            name, offset, function = (*((key,) if isinstance(key, str) else key), None, None)[:3]
            if name in known:
                found.append(key)
                entry = WeightEntry(strength_patch, value, strength_model, offset, function)
                self.patches[name] = [*self.patches.get(name, ()), entry]
        return found

    def weight_keys(self) -> Mapping[str, str]:
        """Return the names of the weights, with what they are called in the network."""
        if self.is_weft:
            names: Mapping[str, str] = self.model.weight_names()
            return names
        return {name: name for name in self.model.state_dict()}

    def changes(self) -> dict[str, PackChange]:
        """Return what is done to each weight, by its name in the original files."""
        return {key: PackChange(key, tuple(entries)) for key, entries in self.patches.items()}

    def get_key_patches(self, filter_prefix: str | None = None) -> dict[str, list[Any]]:
        """Return each weight with its patches behind it."""
        state = self.model_state_dict(filter_prefix)
        return {key: [(weight, _as_it_is), *self.patches.get(key, ())] for key, weight in state.items()}

    def model_state_dict(self, filter_prefix: str | None = None) -> dict[str, Tensor]:
        """Return the weights without patches."""
        return {key: value for key, value in self.model.state_dict().items() if key.startswith(filter_prefix or "")}

    def calculate_weight(
        self, patches: Any, weight: Tensor, key: str, intermediate_dtype: Any = torch.float32
    ) -> Tensor:
        """Return a weight after patches."""
        return calculate_weight(patches, weight, key, intermediate_dtype)

    def patch_model(self, device_to: torch.device | None = None, *unused: Any, **named: Any) -> Any:
        """Bring a pack's module to a device, with its patches; Weft's come by themselves when they are used."""
        if self.is_weft:
            return self.model
        state = self.model.state_dict()
        for key, entries in self.patches.items():
            weight = self._backup.setdefault(key, state[key].clone())
            changed = calculate_weight(entries, weight.float(), key)
            state[key].copy_(changed)
        if device_to is not None:
            self.model.to(device_to)
        return self.model

    def unpatch_model(self, device_to: torch.device | None = None, *unused: Any, **named: Any) -> None:
        """Take the patches out of a pack's module and move it away."""
        if self.is_weft:
            return
        state = self.model.state_dict()
        for key, weight in self._backup.items():
            state[key].copy_(weight)
        self._backup = {}
        if device_to is not None:
            self.model.to(device_to)

    def detach(self, unpatch_all: bool = True) -> Any:
        """Move the model away."""
        self.unpatch_model(self.offload_device)
        return self.model

    def partially_load(self, device_to: torch.device, *unused: Any, **named: Any) -> int:
        """Bring the model whole."""
        self.patch_model(device_to)
        return self.model_size()

    def partially_unload(self, device_to: torch.device, *unused: Any, **named: Any) -> int:
        """Move the model away whole."""
        self.unpatch_model(device_to)
        return self.model_size()

    def handle(self) -> Model:
        """Return the handle with all that sampling does not do by `model_options`: weights, what the output means."""
        base: Model = self.model.handle
        if self.patches:
            names, changes = self.weight_keys(), self.changes()
            base = base.with_patch(WeightPatch({names[key]: change for key, change in changes.items()}))
        if SAMPLING in self.object_patches:
            base = base.with_parameterization(parameterization_of(self.object_patches[SAMPLING]))
        return base

    @contextmanager
    def patched(self) -> Iterator[Any]:
        """Let the model have its patches for the time of a sampling, as ComfyUI has it loaded."""
        self.inject_model()
        before = {name: self._swap(name, value) for name, value in self.object_patches.items()}
        self.model.current_patcher = self
        try:
            with self.model.using(self.handle()):
                yield self.model
        finally:
            for name, value in before.items():
                self._swap(name, value)
            self.eject_model()

    def _swap(self, name: str, value: Any) -> Any:
        owner_path, _, leaf = name.rpartition(".")
        owner = self.model
        for part in filter(None, owner_path.split(".")):
            owner = getattr(owner, part)
        before = getattr(owner, leaf, None)
        setattr(owner, leaf, value)
        return before


@dataclass(frozen=True)
class PackModel(Model):
    """A handle that a pack's patcher stands behind; `options`: its model_options when it was made."""

    patcher: Any = field(default=None, compare=False)
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)


def to_pack(model: Model) -> ModelPatcher:
    """Return the patcher of a handle: the very one that it came from, if nothing was changed since."""
    if isinstance(model, PackModel) and model.patcher.stands_for(model):
        patcher: ModelPatcher = model.patcher
        return patcher
    base = base_model_of(_plain(model, without_native(model.usage)))
    if isinstance(model, PackModel):
        made: ModelPatcher = model.patcher.clone()
        made.model, made.patches = base, {}
        made.object_patches.pop(SAMPLING, None)
        made.model_options = with_native(dict(model.options), model.usage)
    else:
        made = ModelPatcher(base, model.device, torch.device("cpu"))
        made.model_options = with_native({TRANSFORMER: {}}, model.usage)
    base.current_patcher = made
    made._made, made._state = model, state_of(made)
    return made


def from_pack(value: Any) -> Any:
    """Return the handle of a patcher of one of Weft's models; anything else as it is."""
    if not isinstance(value, ModelPatcher) or not isinstance(value.model, BaseModel):
        return value
    if value._made is not None and value.stands_for(value._made):
        return value._made
    base = value.handle()
    options = value.copied_options()
    usage = native_usage(options, base.usage) if not value.has_more else None
    if usage is None:
        for name in set(options) - SAMPLED:
            no_effect(f'"{name}" in model_options')
        from compat.wires.conducting import CONDUCTOR

        usage = replace(without_native(base.usage), conductor=CONDUCTOR)
    made = PackModel(**{part.name: getattr(base, part.name) for part in fields(Model)}, patcher=value, options=options)
    made = replace(made, usage=replace(usage, companions=base.usage.companions), digest="")
    value._made, value._state = made, state_of(value)
    return made


def state_of(patcher: ModelPatcher) -> Any:
    """Return what tells whether anything of a patcher changed: what it holds, by identity."""
    return (id(patcher.model), ids_of(patcher.patches), ids_of(patcher.object_patches), patcher.state_of_parts())


def _plain(model: Model, usage: Usage) -> Model:
    """Return a handle as Weft's own class has it."""
    return Model(**{**{part.name: getattr(model, part.name) for part in fields(Model)}, "usage": usage})


def _as_it_is(weight: Tensor, **unused: Any) -> Tensor:
    return weight
