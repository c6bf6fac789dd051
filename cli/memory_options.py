"""The options about memory that several commands have; their names and meanings are ComfyUI's where it has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cli.report import UsageError

if TYPE_CHECKING:
    from runtime.memory_settings import MemorySettings

MemoryBudget = Annotated[
    str | None, typer.Option(help='The most that weights and work may take of the device: "600MB", "2GB", "40%".')
]
ReserveVram = Annotated[
    str | None, typer.Option(help="What to leave free on the device for other programs, in GB without a unit.")
]
RamBudget = Annotated[
    str | None,
    typer.Option(
        help='Memory of the computer for weights that left the device: "16GB", "50%", "0"; else what suits it.'
    ),
]
GpuOnly = Annotated[bool, typer.Option("--gpu-only", help="Keep everything on the device, tables of words too.")]
HighVram = Annotated[bool, typer.Option("--highvram", help="Keep whole networks on the device; never stream one.")]
LowVram = Annotated[bool, typer.Option("--lowvram", help="Leave a network on the device only until the next is used.")]
NoVram = Annotated[bool, typer.Option("--novram", help="Keep no weights on the device; stream all, block by block.")]
Cpu = Annotated[bool, typer.Option("--cpu", help="Compute on the processor; the same as --device cpu.")]


def memory_settings(
    budget: str | None,
    reserve: str | None,
    switches: Mapping[str, bool],
    device: str | None = None,
    ram: str | None = None,
) -> MemorySettings:
    """Return what was chosen; UsageError if switches contradict each other."""
    from runtime.memory_settings import MemorySettings, Residence, default_records

    chosen = [name for name, is_on in switches.items() if is_on]
    if len(chosen) > 1:
        raise UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other; leave one out.")
    word = chosen[0] if chosen else ""
    if word == "cpu" and device not in (None, "cpu"):
        raise UsageError(f"--cpu and --device {device} exclude each other; leave one out.")
    residences = {"gpu-only": Residence.WHOLE, **{each.value: each for each in Residence}}
    return MemorySettings(
        budget,
        reserve,
        residences.get(word, Residence.NORMAL),
        tables_on_device=word == "gpu-only",
        workspaces=default_records(),
        ram=ram,
    )
