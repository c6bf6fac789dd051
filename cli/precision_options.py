"""The options about precision of commands that compute: ComfyUI's flags, in one table, added by a decorator.

@with_precision
def run(file: Path, *, precision: PrecisionFlags) -> None: ...  # typer sees --fp16-unet, --fp8_e4m3fn-unet and so on
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from cli.precision_flags import CPU_VAE, CPU_VAE_HELP, PRECISION_FLAGS, contradiction, flags_by_part
from cli.report import UsageError

if TYPE_CHECKING:
    from runtime.precision import PrecisionSettings

PARAMETER = "precision"
PANEL = "Precision"


@dataclass(frozen=True)
class PrecisionFlags:
    """The flags that were given, without dashes in front."""

    names: frozenset[str] = frozenset()

    def settings(self) -> PrecisionSettings:
        """Return what they choose; UsageError if two contradict each other."""
        from runtime.precision import PrecisionSettings

        fault = contradiction(self.names)
        if fault is not None:
            raise UsageError(fault)
        dtypes = {part: PRECISION_FLAGS[name].dtype for part, name in flags_by_part(self.names).items()}
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
