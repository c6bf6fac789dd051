"""The options about node packs that several commands have, with ComfyUI's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from runtime.settings import PackSettings

NoPacks = Annotated[bool, typer.Option("--disable-all-custom-nodes", help="Load no node packs.")]
ChosenPacks = Annotated[
    list[str] | None, typer.Option(help="A node pack to load although all others are left out; repeatable.")
]


def pack_settings(none: bool, chosen: list[str] | None) -> PackSettings:
    """Return what was chosen."""
    from runtime.settings import PackSettings

    return PackSettings(none=none, chosen=tuple(chosen or ()))
