"""What a ModelPatcher carries besides weights and options: wrappers, callbacks, what packs attach.

patcher.add_wrapper_with_key(WrappersMP.APPLY_MODEL, "mine", wrapper)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from compat.wires.extension import CALLBACKS, TRANSFORMER, WRAPPERS, CallbacksMP, copy_nested_dicts, merge_nested_dicts
from compat.wires.option_setters import OptionSetters
from compat.wires.told import no_effect

Function = Callable[..., Any]
ByKey = dict[str, dict[Any, list[Function]]]


def ids_of(value: Any) -> Any:
    """Return what tells whether anything in nested dictionaries and lists was exchanged."""
    if isinstance(value, dict):
        return tuple((key, ids_of(part)) for key, part in value.items())
    if isinstance(value, list):
        return tuple(map(ids_of, value))
    return value if isinstance(value, bool | int | float | str | None) else id(value)


class PatcherParts(OptionSetters):
    """The part of ModelPatcher that only holds things."""

    def __init__(self) -> None:
        super().__init__()
        self.attachments: dict[str, Any] = {}
        self.additional_models: dict[str, list[Any]] = {}
        self.callbacks: ByKey = {}
        self.wrappers: ByKey = {}
        self.injections: dict[str, list[Any]] = {}
        self.hook_patches: dict[Any, Any] = {}
        self.weight_wrapper_patches: dict[str, list[Function]] = {}
        self.is_injected = False
        self.forced_hooks: Any = None
        self.hook_mode: Any = None
        self.is_clip = False
        self.parent: Any = None

    def _copy_parts(self) -> None:
        """Make all that is held its own."""
        self.model_options = self.copied_options()
        self.attachments = {
            key: value.on_model_patcher_clone() if hasattr(value, "on_model_patcher_clone") else value
            for key, value in self.attachments.items()
        }
        self.additional_models = {key: [each.clone() for each in some] for key, some in self.additional_models.items()}
        self.callbacks, self.wrappers = copy_nested_dicts(self.callbacks), copy_nested_dicts(self.wrappers)
        self.injections = {key: list(some) for key, some in self.injections.items()}
        self.weight_wrapper_patches = {key: list(some) for key, some in self.weight_wrapper_patches.items()}
        self.is_injected = False

    def copied_options(self) -> dict[str, Any]:
        """Return a copy of the options."""
        return copy_nested_dicts(self.model_options)

    def options_for_sampling(self) -> dict[str, Any]:
        """Return the options with wrappers and callbacks in them, as sampling reads them."""
        found = self.copied_options()
        transformer = found.setdefault(TRANSFORMER, {})
        for name, held in ((WRAPPERS, self.wrappers), (CALLBACKS, self.callbacks)):
            if held:
                transformer[name] = merge_nested_dicts(transformer.get(name, {}), held)
        return found

    @property
    def has_more(self) -> bool:
        """Whether something beside the options acts on samplings."""
        return bool(self.wrappers or self.callbacks or self.injections)

    def state_of_parts(self) -> Any:
        """Return what tells whether anything changed."""
        held = (self.model_options, self.attachments, self.callbacks, self.wrappers, self.injections)
        return tuple(map(ids_of, held))

    def is_dynamic(self) -> bool:
        """Return no: weights are with Weft's scheduler."""
        return False

    def add_weight_wrapper(self, name: str, function: Function) -> None:
        """Keep a function of a weight, which Weft does not call."""
        no_effect("weight wrappers of a model")
        self.weight_wrapper_patches.setdefault(name, []).append(function)

    def set_model_compute_dtype(self, dtype: Any) -> None:
        """Take no other precision: it is chosen at the start."""
        no_effect("another precision for computing (set_model_compute_dtype)")

    def add_callback_with_key(self, call_type: str, key: Any, callback: Function) -> None:
        """Have a function called at a stage."""
        self.callbacks.setdefault(call_type, {}).setdefault(key, []).append(callback)

    def add_callback(self, call_type: str, callback: Function) -> None:
        """Have a function called at a stage."""
        self.add_callback_with_key(call_type, None, callback)

    def remove_callbacks_with_key(self, call_type: str, key: Any) -> None:
        """Call the functions of a key no more."""
        self.callbacks.get(call_type, {}).pop(key, None)

    def get_callbacks(self, call_type: str, key: Any) -> list[Function]:
        """Return the functions of a key."""
        return self.callbacks.get(call_type, {}).get(key, [])

    def get_all_callbacks(self, call_type: str) -> list[Function]:
        """Return all functions of a stage."""
        return [each for some in self.callbacks.get(call_type, {}).values() for each in some]

    def add_wrapper_with_key(self, wrapper_type: str, key: Any, wrapper: Function) -> None:
        """Put a function around a stage."""
        self.wrappers.setdefault(wrapper_type, {}).setdefault(key, []).append(wrapper)

    def add_wrapper(self, wrapper_type: str, wrapper: Function) -> None:
        """Put a function around a stage."""
        self.add_wrapper_with_key(wrapper_type, None, wrapper)

    def remove_wrappers_with_key(self, wrapper_type: str, key: Any) -> None:
        """Take the functions of a key away."""
        self.wrappers.get(wrapper_type, {}).pop(key, None)

    def get_wrappers(self, wrapper_type: str, key: Any) -> list[Function]:
        """Return the functions of a key."""
        return self.wrappers.get(wrapper_type, {}).get(key, [])

    def get_all_wrappers(self, wrapper_type: str) -> list[Function]:
        """Return all functions around a stage."""
        return [each for some in self.wrappers.get(wrapper_type, {}).values() for each in some]

    def set_attachments(self, key: str, attachment: Any) -> None:
        """Keep something of a pack."""
        self.attachments[key] = attachment

    def get_attachment(self, key: str) -> Any:
        """Return what a pack keeps here."""
        return self.attachments.get(key)

    def remove_attachments(self, key: str) -> None:
        """Forget it."""
        self.attachments.pop(key, None)

    def set_injections(self, key: str, injections: list[Any]) -> None:
        """Keep what is done to the model before a sampling and undone after it."""
        self.injections[key] = injections

    def get_injections(self, key: str) -> list[Any] | None:
        """Return it."""
        return self.injections.get(key)

    def remove_injections(self, key: str) -> None:
        """Forget it."""
        self.injections.pop(key, None)

    def set_additional_models(self, key: str, models: list[Any]) -> None:
        """Keep patchers of other models that go with this one."""
        self.additional_models[key] = models

    def get_additional_models_with_key(self, key: str) -> list[Any]:
        """Return them."""
        return self.additional_models.get(key, [])

    def get_additional_models(self) -> list[Any]:
        """Return all of them."""
        return [each for some in self.additional_models.values() for each in some]

    def remove_additional_models(self, key: str) -> None:
        """Forget them."""
        self.additional_models.pop(key, None)

    def inject_model(self) -> None:
        """Do what packs do to the model before it is used."""
        if self.is_injected:
            return
        for injection in self._injections():
            injection.inject(self)
            self.is_injected = True
        self._call(CallbacksMP.ON_INJECT_MODEL, self)

    def eject_model(self) -> None:
        """Undo it."""
        if self.is_injected:
            for injection in self._injections():
                injection.eject(self)
            self.is_injected = False
            self._call(CallbacksMP.ON_EJECT_MODEL, self)

    @contextmanager
    def use_ejected(self, *unused: Any, **named: Any) -> Iterator[None]:
        """Have the model without what packs do to it, for a while."""
        was_injected = self.is_injected
        self.eject_model()
        try:
            yield
        finally:
            if was_injected:
                self.inject_model()

    def pre_run(self) -> None:
        """Tell packs that a sampling begins."""
        self._call(CallbacksMP.ON_PRE_RUN, self)

    def prepare_state(self, timestep: Any, model_options: dict[str, Any]) -> None:
        """Tell packs that a step begins."""
        self._call(CallbacksMP.ON_PREPARE_STATE, self, timestep, model_options)

    def cleanup(self) -> None:
        """Tell packs that a sampling ended."""
        self._call(CallbacksMP.ON_CLEANUP, self)

    def _injections(self) -> list[Any]:
        return [each for some in self.injections.values() for each in some]

    def _call(self, call_type: str, *args: Any) -> None:
        for callback in self.get_all_callbacks(call_type):
            callback(*args)
