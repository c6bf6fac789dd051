"""`weft convert FILE --to api|editor`: a workflow in the other of ComfyUI's two formats."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from graph.formats import SpecOf
    from graph.formats.convert import Converted
    from graph.spec import NodeSpec


class Target(StrEnum):
    """The format that is wanted."""

    API = "api"
    EDITOR = "editor"


def convert(
    file: Annotated[Path, typer.Argument(help="A workflow (API or editor format) or a picture that holds one.")],
    to: Annotated[Target, typer.Option(help="api: what programs send for a run; editor: what the editor opens.")],
    output: Annotated[Path | None, typer.Option(help="The file to write; printed if left out.")] = None,
) -> None:
    """Convert a workflow between the API format and the editor's.

    Exit code 2: it cannot be converted; 1: the result cannot be written.
    """
    from cli.output_file import OutputError, check_output, json_bytes, write_output
    from cli.workflow_file import FAILED, INVALID
    from graph.errors import GraphError

    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    try:
        check_output(output)
        converted = _converted(file, to)
        content = json_bytes(converted.document)
        write_output(output, content)
    except GraphError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(FAILED if isinstance(error, OutputError) else INVALID) from error
    except ImportError as error:
        errors.print(f"The node types cannot be loaded ({error}); weft doctor says what to do.", markup=False)
        raise typer.Exit(FAILED) from error
    for loss in converted.losses:
        errors.print(loss, markup=False)


def _converted(file: Path, to: Target) -> Converted:
    from graph.formats import Form
    from graph.formats.convert import convert as convert_document
    from runtime.metadata import read_embedded

    embedded = read_embedded(file)
    document: Any = embedded.to_edit if to is Target.EDITOR else embedded.to_run
    return convert_document(document, Form(to.value), _known_specs())


def _known_specs() -> SpecOf:
    """Return a look-up of node types that loads them (and torch with them) when it is first asked."""

    @cache
    def find() -> SpecOf:
        from cli.workflow_file import open_here

        return open_here(None).registry.find

    def spec_of(name: str) -> NodeSpec | None:
        return find()(name)

    return spec_of
