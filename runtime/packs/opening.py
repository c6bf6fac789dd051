"""The shelf of a process that has a studio: packs find its folders, and ComfyUI's modules if they want them.

shelf = open_shelf(studio, settings, say=link.send)
shelf.load()
studio = studio.with_registry(shelf.registry, shelf.digests)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graph.protocol import Said
from runtime.engine import Studio
from runtime.packs.shelf import Shelf
from runtime.realm import PACK_FOLDER
from runtime.settings import Settings


def open_shelf(
    studio: Studio,
    settings: Settings,
    *,
    say: Callable[[Said], None] = lambda message: None,
    interrupt: Callable[[], None] = lambda: None,
    **options: Any,
) -> Shelf:
    """Return the shelf, with nothing loaded. say, interrupt: what packs for ComfyUI may do; options: of Shelf."""

    def lend_comfyui() -> None:
        from compat.shims.finder import install  # here, so that a process without such packs does not load it
        from runtime.machine import LocalMachine

        install(LocalMachine(studio, settings, say=say, interrupt=interrupt, registry=lambda: shelf.registry))

    roots = partial(studio.folders.model_roots, PACK_FOLDER)
    shelf = Shelf(studio.registry, roots, settings.packs, lend_comfyui=lend_comfyui, **options)
    return shelf
