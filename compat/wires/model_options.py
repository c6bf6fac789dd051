"""`model_options`: what packs change of how a model is sampled, in nested dictionaries.

set_model_options_post_cfg_function(options, function, disable_cfg1_optimization=True)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compat.wires.extension import copy_nested_dicts

Options = dict[str, Any]
Function = Callable[..., Any]
TRANSFORMER = "transformer_options"
SAMPLED = frozenset(  # the names that sampling reads
    {
        TRANSFORMER,
        "sampler_cfg_function",
        "sampler_post_cfg_function",
        "sampler_pre_cfg_function",
        "sampler_calc_cond_batch_function",
        "model_function_wrapper",
        "denoise_mask_function",
        "disable_cfg1_optimization",
        "context_handler",
    }
)


def set_model_options_patch_replace(
    model_options: Options,
    patch: Function,
    name: str,
    block_name: str,
    number: int,
    transformer_index: int | None = None,
) -> Options:
    """Put a function in the place of an attention layer."""
    block = (block_name, number) if transformer_index is None else (block_name, number, transformer_index)
    transformer = dict(model_options.get(TRANSFORMER, {}))
    replaced = {key: dict(value) for key, value in transformer.get("patches_replace", {}).items()}
    replaced.setdefault(name, {})[block] = patch
    model_options[TRANSFORMER] = {**transformer, "patches_replace": replaced}
    return model_options


def set_model_options_post_cfg_function(
    model_options: Options, post_cfg_function: Function, disable_cfg1_optimization: bool = False
) -> Options:
    """Add a function behind guidance."""
    return _added(model_options, "sampler_post_cfg_function", post_cfg_function, disable_cfg1_optimization)


def set_model_options_pre_cfg_function(
    model_options: Options, pre_cfg_function: Function, disable_cfg1_optimization: bool = False
) -> Options:
    """Add a function before guidance."""
    return _added(model_options, "sampler_pre_cfg_function", pre_cfg_function, disable_cfg1_optimization)


def _added(options: Options, name: str, function: Function, disable_cfg1_optimization: bool) -> Options:
    options[name] = [*options.get(name, ()), function]
    if disable_cfg1_optimization:
        options["disable_cfg1_optimization"] = True
    return options


def create_model_options_clone(orig_model_options: Options) -> Options:
    """Return a copy whose dictionaries and lists may be changed."""
    return copy_nested_dicts(orig_model_options)
