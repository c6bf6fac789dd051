"""The options about precision of commands that compute: ComfyUI's flags, in one table, added by a decorator.

@with_precision
def run(file: Path, *, precision: PrecisionFlags) -> None: ...  # typer sees --fp16-unet, --fp8_e4m3fn-unet and so on
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

import typer

from cli.report import UsageError

if TYPE_CHECKING:
    from runtime.precision import PrecisionSettings

PARAMETER = "precision"
PANEL = "Precision"


class PrecisionFlag(NamedTuple):
    """What a flag of the command line chooses: a dtype (torch's name) for a part, or for all."""

    part: str  # "all", "unet", "text" or "vae": a field of PrecisionSettings
    dtype: str
    help: str


PRECISION_FLAGS: Mapping[str, PrecisionFlag] = {
    "force-fp32": PrecisionFlag("all", "float32", "Compute everything in float32."),
    "force-fp16": PrecisionFlag("all", "float16", "Keep the diffusion network and the text encoder in float16."),
    "fp32-unet": PrecisionFlag("unet", "float32", "Keep the diffusion network in float32."),
    "fp16-unet": PrecisionFlag("unet", "float16", "Keep the diffusion network in float16."),
    "bf16-unet": PrecisionFlag("unet", "bfloat16", "Keep the diffusion network in bfloat16."),
    "fp8_e4m3fn-unet": PrecisionFlag("unet", "float8_e4m3fn", "Keep the diffusion network in 8 bits, 3 of mantissa."),
    "fp8_e5m2-unet": PrecisionFlag("unet", "float8_e5m2", "Keep the diffusion network in 8 bits, 2 of mantissa."),
    "fp16-vae": PrecisionFlag("vae", "float16", "Run the VAE in float16; some give black pictures."),
    "fp32-vae": PrecisionFlag("vae", "float32", "Run the VAE in float32."),
    "bf16-vae": PrecisionFlag("vae", "bfloat16", "Run the VAE in bfloat16."),
    "fp8_e4m3fn-text-enc": PrecisionFlag("text", "float8_e4m3fn", "Keep the text encoder in 8 bits, 3 of mantissa."),
    "fp8_e5m2-text-enc": PrecisionFlag("text", "float8_e5m2", "Keep the text encoder in 8 bits, 2 of mantissa."),
    "fp16-text-enc": PrecisionFlag("text", "float16", "Keep the text encoder in float16."),
    "fp32-text-enc": PrecisionFlag("text", "float32", "Keep the text encoder in float32."),
    "bf16-text-enc": PrecisionFlag("text", "bfloat16", "Keep the text encoder in bfloat16."),
}
CPU_VAE, CPU_VAE_HELP = "cpu-vae", "Run the VAE on the processor."


@dataclass(frozen=True)
class PrecisionFlags:
    """The flags that were given, without dashes in front."""

    names: frozenset[str] = frozenset()

    def settings(self) -> PrecisionSettings:
        """Return what they choose; UsageError if two contradict each other."""
        from runtime.precision import PrecisionSettings

        by_part: dict[str, str] = {}
        for name in (name for name in PRECISION_FLAGS if name in self.names):
            part = PRECISION_FLAGS[name].part
            for other in (by_part.get(part), by_part.get("all") if part == "unet" else None):
                if other is not None and PRECISION_FLAGS[other].dtype != PRECISION_FLAGS[name].dtype:
                    raise UsageError(f"--{other} and --{name} contradict each other; leave one out.")
            by_part[part] = name
        dtypes = {part: PRECISION_FLAGS[name].dtype for part, name in by_part.items()}
        return PrecisionSettings(
            dtypes.get("all"), dtypes.get("unet"), dtypes.get("text"), dtypes.get("vae"), CPU_VAE in self.names
        )


def with_precision(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each flag in place of its parameter `precision`, which gets those that were given."""
    options = {flag.replace("-", "_"): flag for flag in (*PRECISION_FLAGS, CPU_VAE)}
    signature = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    own = [
        each.replace(annotation=hints[each.name]) for each in signature.parameters.values() if each.name != PARAMETER
    ]
    added = [_option(name, flag) for name, flag in options.items()]

    @functools.wraps(command)
    def wrapper(**arguments: Any) -> None:
        flags = frozenset(flag for name, flag in options.items() if arguments.pop(name))
        command(**arguments, **{PARAMETER: PrecisionFlags(flags)})

    wrapper.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
    wrapper.__annotations__ = {each.name: each.annotation for each in (*own, *added)} | {"return": None}
    del wrapper.__wrapped__  # else the annotations would be looked up there
    return wrapper


def _option(name: str, flag: str) -> inspect.Parameter:
    text = CPU_VAE_HELP if flag == CPU_VAE else PRECISION_FLAGS[flag].help
    annotation = Annotated[bool, typer.Option(f"--{flag}", help=text, rich_help_panel=PANEL)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=annotation)
