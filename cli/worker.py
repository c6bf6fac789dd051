"""`weft worker`: the process that computes for a server. A server starts it; typed by hand it is of no use."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from cli.engine_options import EngineFlags, with_engine


@with_engine
def worker(
    nodes_module: Annotated[list[str] | None, typer.Option(help="A Python module with more nodes.")] = None,
    preview_method: Annotated[
        str, typer.Option(help="none: no pictures of work in progress; taesd: by a tiny VAE.")
    ] = "auto",
    preview_size: Annotated[int, typer.Option(help="The longest side of these pictures in pixels.")] = 512,
    without_pack: Annotated[list[str] | None, typer.Option(help="A node pack that ended the worker before.")] = None,
    no_watch: Annotated[bool, typer.Option("--no-watch", help="Do not look for changes of node packs.")] = False,
    launch: Annotated[str, typer.Option(help="What the server knows of its launch, as JSON.")] = "{}",
    *,
    engine: EngineFlags,
) -> None:
    """Run jobs that come as frames on standard input; answer with frames on standard output."""
    from cli.report import ending
    from runtime.worker_link import claim_stdio

    link = claim_stdio()
    with ending():
        chosen = engine.settings()  # first of all: it may be wrong, and what follows takes seconds
        from cli.workflow_file import open_chosen
        from runtime.engine import builtin_registry
        from runtime.pack_surroundings import Lending
        from runtime.worker import NO_PREVIEW, Previews, serve

        load = partial(builtin_registry, tuple(nodes_module or ()))
        tell = partial(typer.echo, err=True)
        packs = replace(chosen.packs, without=tuple(without_pack or ()), watches=not no_watch)
        known = json.loads(launch)
        user = Path(known["user_directory"]) if "user_directory" in known else chosen.user
        chosen = replace(chosen, packs=packs, user=user, preview_method=preview_method)
        previews = Previews(preview_method != NO_PREVIEW, preview_size)
        serve(link, load, lambda registry: open_chosen(chosen, tell, registry), previews, Lending(chosen, known))
