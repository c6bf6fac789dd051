"""The options of commands that run workflows: folders, device, cache, memory, precision; added by a decorator.

@with_engine  # its command needs cls=CommandWithNumbers
def run(file: Path, *, engine: EngineFlags) -> None:  # typer sees --device, --cache-lru, --lowvram and so on
    with engine.open() as studio: ...
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cli.cache import CacheDirectory
from cli.cache_options import CacheClassic, CacheDisk, CacheLru, CacheNone, CacheRam, chosen_cache
from cli.memory_options import (
    Cpu,
    GpuOnly,
    HighVram,
    LowVram,
    MemoryBudget,
    NoVram,
    RamBudget,
    ReserveVram,
    memory_settings,
)
from cli.pack_options import ChosenPacks, NoPacks, pack_settings
from cli.precision_options import PrecisionFlags, with_precision

if TYPE_CHECKING:
    from runtime.engine import Studio
    from runtime.settings import Settings

PARAMETER = "engine"
CACHE_OPTIONS = ("none", "lru", "classic", "ram", "disk", "directory")
MEMORY_SWITCHES = ("gpu_only", "highvram", "lowvram", "novram", "cpu")


def engine_options(
    output_directory: Annotated[Path | None, typer.Option(help="Where pictures are written.")] = None,
    base_directory: Annotated[Path | None, typer.Option(help="The folder that holds models/ and input/.")] = None,
    input_directory: Annotated[Path | None, typer.Option(help="Where pictures are read.")] = None,
    models_directory: Annotated[Path | None, typer.Option(help="The folder of models, in place of models/.")] = None,
    temp_directory: Annotated[Path | None, typer.Option(help="Where pictures go that are only shown.")] = None,
    extra_model_paths_config: Annotated[
        list[Path] | None, typer.Option(help="A file with more folders of models, as extra_model_paths.yaml.")
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps; the best one if left out.")] = None,
    cache_none: CacheNone = False,
    cache_lru: CacheLru = None,
    cache_classic: CacheClassic = False,
    cache_ram: CacheRam = None,
    cache_disk: CacheDisk = None,
    cache_directory: CacheDirectory = None,
    memory_budget: MemoryBudget = None,
    ram_budget: RamBudget = None,
    reserve_vram: ReserveVram = None,
    gpu_only: GpuOnly = False,
    highvram: HighVram = False,
    lowvram: LowVram = False,
    novram: NoVram = False,
    cpu: Cpu = False,
    disable_all_custom_nodes: NoPacks = False,
    whitelist_custom_nodes: ChosenPacks = None,
    disable_metadata: Annotated[
        bool, typer.Option("--disable-metadata", help="Write no workflows into pictures.")
    ] = False,
) -> None:
    """Hold the options; its signature is all that counts."""


@dataclass(frozen=True)
class EngineFlags:
    """The options as they were given, by the names of `engine_options`, and the flags about precision."""

    values: Mapping[str, Any]
    precision: PrecisionFlags

    def open(self, tell: Callable[[str], None] = lambda sentence: None) -> Studio:
        """Return the engine; UsageError if an option is wrong, or two contradict each other."""
        from cli.workflow_file import open_chosen

        return open_chosen(self.settings(), tell)

    def settings(self) -> Settings:
        """Return what the options choose; UsageError if two contradict each other."""
        from runtime.settings import Settings, default_base

        given = self.values
        switches = {name.replace("_", "-"): given[name] for name in MEMORY_SWITCHES}
        return Settings(
            given["base_directory"] or default_base(),
            output=given["output_directory"],
            input=given["input_directory"],
            temp=given["temp_directory"],
            models=given["models_directory"],
            extra_model_paths=tuple(given["extra_model_paths_config"] or ()),
            device="cpu" if given["cpu"] else given["device"],
            cache=chosen_cache(*(given[f"cache_{name}"] for name in CACHE_OPTIONS)),
            packs=pack_settings(given["disable_all_custom_nodes"], given["whitelist_custom_nodes"]),
            write_metadata=not given["disable_metadata"],
            memory=memory_settings(
                given["memory_budget"], given["reserve_vram"], switches, given["device"], given["ram_budget"]
            ),
            precision=self.precision.settings(),
        )


def with_engine(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the engine's options in place of its parameter `engine`, which gets what was given."""
    own, added = _parameters(command), _parameters(engine_options)
    signature = inspect.signature(command)

    def wrapper(*, precision: PrecisionFlags, **arguments: Any) -> None:
        values = {each.name: arguments.pop(each.name) for each in added}
        command(**arguments, **{PARAMETER: EngineFlags(values, precision)})

    functools.update_wrapper(wrapper, command)
    del wrapper.__wrapped__  # type: ignore[attr-defined]  # else the annotations would be looked up there
    parameters = [*own, *added, _precision_parameter()]
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": None}
    return with_precision(wrapper)


def _parameters(command: Callable[..., None]) -> list[inspect.Parameter]:
    hints = get_type_hints(command, include_extras=True)
    parameters = inspect.signature(command).parameters.values()
    return [
        each.replace(annotation=hints[each.name], kind=each.KEYWORD_ONLY)
        for each in parameters
        if each.name != PARAMETER
    ]


def _precision_parameter() -> inspect.Parameter:
    return inspect.Parameter("precision", inspect.Parameter.KEYWORD_ONLY, annotation=PrecisionFlags)
