"""The shelf of a process that has a studio: packs find its folders, and ComfyUI's modules if they want them.

shelf = open_shelf(studio, settings)
shelf.load()
studio = studio.with_registry(shelf.registry, shelf.digests)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graph.registry import Registry
from runtime.engine import Studio
from runtime.packs.shelf import Shelf
from runtime.realm import PACK_FOLDER
from runtime.settings import Settings

Lend = Callable[[Callable[[], Registry]], None]


def open_shelf(studio: Studio, settings: Settings, *, lend: Lend | None = None, **options: Any) -> Shelf:
    """Return the shelf, with nothing loaded.

    lend: called once, before the first pack that wants ComfyUI's modules is imported, with what gives the node types that
    there are; None lends this process as it is. options: of Shelf.
    """

    def lend_comfyui() -> None:
        (lend or partial(lend_process, studio, settings))(lambda: shelf.registry)

    roots = partial(studio.folders.model_roots, PACK_FOLDER)
    shelf = Shelf(studio.registry, roots, settings.packs, lend_comfyui=lend_comfyui, **options)
    return shelf


def lend_process(studio: Studio, settings: Settings, registry: Callable[[], Registry]) -> None:
    """Let packs import ComfyUI's modules in a process that has no server."""
    from compat.shims.finder import install  # here, so that a process without such packs does not load it
    from runtime.machine import LocalMachine

    install(LocalMachine(studio, settings, registry=registry))
