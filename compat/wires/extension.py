"""What packs may put around the stages of sampling: wrappers and callbacks, by stage and by a key of the pack's own.

    wrapped(work, get_all_wrappers(WrappersMP.APPLY_MODEL, transformer_options), model)(x, t)

They lie in `transformer_options`, in dictionaries of dictionaries of lists: stage, key, functions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Function = Callable[..., Any]
Options = dict[str, Any]
WRAPPERS, CALLBACKS, TRANSFORMER = "wrappers", "callbacks", "transformer_options"


class CallbacksMP:
    """Stages at which a ModelPatcher calls."""

    ON_CLONE = "on_clone"
    ON_DEEPCLONE_MULTIGPU = "on_deepclone_multigpu"
    ON_MATCH_MULTIGPU_CLONES = "on_match_multigpu_clones"
    ON_LOAD = "on_load_after"
    ON_DETACH = "on_detach_after"
    ON_CLEANUP = "on_cleanup"
    ON_PRE_RUN = "on_pre_run"
    ON_PREPARE_STATE = "on_prepare_state"
    ON_APPLY_HOOKS = "on_apply_hooks"
    ON_REGISTER_ALL_HOOK_PATCHES = "on_register_all_hook_patches"
    ON_INJECT_MODEL = "on_inject_model"
    ON_EJECT_MODEL = "on_eject_model"

    @classmethod
    def init_callbacks(cls) -> dict[str, dict[str, list[Function]]]:
        """Return none."""
        return {}


class WrappersMP:
    """Stages that can be gone around, from the outermost on."""

    OUTER_SAMPLE = "outer_sample"
    PREPARE_SAMPLING = "prepare_sampling"
    SAMPLER_SAMPLE = "sampler_sample"
    PREDICT_NOISE = "predict_noise"
    CALC_COND_BATCH = "calc_cond_batch"
    APPLY_MODEL = "apply_model"
    DIFFUSION_MODEL = "diffusion_model"

    @classmethod
    def init_wrappers(cls) -> dict[str, dict[str, list[Function]]]:
        """Return none."""
        return {}


class PatcherInjection(NamedTuple):
    """What is done to a model before it is used, and undone afterwards."""

    inject: Function
    eject: Function


class WrapperExecutor:
    """What a wrapper gets first: calling it goes on inwards; `class_obj` is whose method is gone around."""

    def __init__(self, original: Function, class_obj: Any, wrappers: Sequence[Function], idx: int) -> None:
        self.original, self.class_obj = original, class_obj
        self.wrappers, self.idx = list(wrappers), idx
        self.is_last = idx == len(self.wrappers)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Go on inwards."""
        return WrapperExecutor(self.original, self.class_obj, self.wrappers, self.idx + 1).execute(*args, **kwargs)

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Call the wrapper of this place, or what is gone around."""
        if self.is_last:
            return self.original(*args, **kwargs)
        return self.wrappers[self.idx](self, *args, **kwargs)

    @classmethod
    def new_executor(cls, original: Function, wrappers: Sequence[Function], idx: int = 0) -> WrapperExecutor:
        """Return what calls a function through wrappers."""
        return cls(original, None, wrappers, idx)

    @classmethod
    def new_class_executor(
        cls, original: Function, class_obj: Any, wrappers: Sequence[Function], idx: int = 0
    ) -> WrapperExecutor:
        """Return what calls a method through wrappers."""
        return cls(original, class_obj, wrappers, idx)


def through(
    stage: str, options: Options, original: Function, owner: Any = None, *, is_model_options: bool = False
) -> Function:
    """Return a function as the wrappers of a stage let it be called."""
    return WrapperExecutor(original, owner, get_all_wrappers(stage, options, is_model_options), 0).execute


def _options(options: Options, is_model_options: bool) -> Options:
    inner: Options = options.setdefault(TRANSFORMER, {}) if is_model_options else options
    return inner


def _found(kind: str, stage: str, options: Options, is_model_options: bool) -> dict[str, list[Function]]:
    inner = options.get(TRANSFORMER, {}) if is_model_options else options
    found: dict[str, list[Function]] = inner.get(kind, {}).get(stage, {})
    return found


def add_callback(
    call_type: str, callback: Function, transformer_options: Options, is_model_options: bool = False
) -> None:
    """Add a callback without a key."""
    add_callback_with_key(call_type, None, callback, transformer_options, is_model_options)


def add_callback_with_key(
    call_type: str, key: Any, callback: Function, transformer_options: Options, is_model_options: bool = False
) -> None:
    """Add a callback."""
    kinds = _options(transformer_options, is_model_options).setdefault(CALLBACKS, {})
    kinds.setdefault(call_type, {}).setdefault(key, []).append(callback)


def get_callbacks_with_key(
    call_type: str, key: Any, transformer_options: Options, is_model_options: bool = False
) -> list[Function]:
    """Return the callbacks of a key."""
    return list(_found(CALLBACKS, call_type, transformer_options, is_model_options).get(key, ()))


def get_all_callbacks(call_type: str, transformer_options: Options, is_model_options: bool = False) -> list[Function]:
    """Return all callbacks of a stage."""
    return [
        each for some in _found(CALLBACKS, call_type, transformer_options, is_model_options).values() for each in some
    ]


def add_wrapper(
    wrapper_type: str, wrapper: Function, transformer_options: Options, is_model_options: bool = False
) -> None:
    """Add a wrapper without a key."""
    add_wrapper_with_key(wrapper_type, None, wrapper, transformer_options, is_model_options)


def add_wrapper_with_key(
    wrapper_type: str, key: Any, wrapper: Function, transformer_options: Options, is_model_options: bool = False
) -> None:
    """Add a wrapper."""
    kinds = _options(transformer_options, is_model_options).setdefault(WRAPPERS, {})
    kinds.setdefault(wrapper_type, {}).setdefault(key, []).append(wrapper)


def get_wrappers_with_key(
    wrapper_type: str, key: Any, transformer_options: Options, is_model_options: bool = False
) -> list[Function]:
    """Return the wrappers of a key."""
    return list(_found(WRAPPERS, wrapper_type, transformer_options, is_model_options).get(key, ()))


def get_all_wrappers(wrapper_type: str, transformer_options: Options, is_model_options: bool = False) -> list[Function]:
    """Return all wrappers of a stage."""
    return [
        each for some in _found(WRAPPERS, wrapper_type, transformer_options, is_model_options).values() for each in some
    ]


def copy_nested_dicts(input_dict: Options) -> Options:
    """Copy dictionaries in dictionaries, and lists in them; what else there is stays the same."""
    return {
        key: copy_nested_dicts(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else value
        for key, value in input_dict.items()
    }


def merge_nested_dicts(dict1: Options, dict2: Options, copy_dict1: bool = True) -> Options:
    """Join dictionaries: lists one behind the other, dictionaries likewise, else what the second has."""
    merged = copy_nested_dicts(dict1) if copy_dict1 else dict1
    for key, value in dict2.items():
        if isinstance(value, dict):
            merged[key] = merge_nested_dicts(merged.get(key, {}), value)
        elif isinstance(value, list):
            merged[key] = [*merged.get(key, ()), *value]
        else:
            merged[key] = value
    return merged
