"""The commands about files of models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from cli.models.found import ModelFile

Base = Annotated[Path | None, typer.Option(help="The folder that holds models/.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Kind = Annotated[str | None, typer.Argument(help="A kind of models, such as checkpoints or loras; all if left out.")]
Name = Annotated[
    str, typer.Argument(help="A file as nodes name it, with its kind before it if need be: loras/a.safetensors.")
]
Names = Annotated[list[str], typer.Argument(help="Files as nodes name them.")]
MOST_SHOWN = 200  # characters of one text of a file's metadata

app = typer.Typer(no_args_is_help=True, help="The files of models that there are, what each is, and new ones.")


@app.command("list")
def list_models(kind: Kind = None, as_json: AsJson = False, base_directory: Base = None) -> None:
    """List the files of models with what each is, from their headers alone."""
    from cli.models.found import files_of, folders_at
    from cli.report import ending

    with ending(as_json=as_json):
        files = list(files_of(folders_at(base_directory), kind))
        documents = [_document(file) for file in files]
        if as_json:
            typer.echo(json.dumps(documents, indent=2))
        else:
            _print_table(documents)


@app.command()
def show(name: Name, as_json: AsJson = False, base_directory: Base = None) -> None:
    """Show what one file is: family, networks, precision, number of weights, and the texts in it."""
    from cli.models.found import find_shown, folders_at
    from cli.report import ending

    with ending(as_json=as_json):
        document = _document(find_shown(folders_at(base_directory), name), with_texts=True)
        if as_json:
            typer.echo(json.dumps(document, indent=2))
            return
        texts = document.pop("metadata")
        for key, value in document.items():
            if value not in ("", None, []):
                typer.echo(f"{key.replace('_', ' '):12} {', '.join(value) if isinstance(value, list) else value}")
        for key, text in texts.items():
            typer.echo(f"  {key}: {text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + ' …'}")


@app.command("hash")
def hash_models(names: Names, base_directory: Base = None) -> None:
    """Print the SHA-256 of files, as sha256sum does."""
    from cli.models.found import find_file, folders_at
    from cli.models.transfer import sha256_of
    from cli.report import ending

    with ending():
        folders = folders_at(base_directory)
        for name in names:
            path = find_file(folders, name).path
            typer.echo(f"{sha256_of(path)}  {path}")


@app.command()
def get(
    source: Annotated[
        str, typer.Argument(help="An address (https://…), or a file of a model hub: ORG/REPOSITORY/FILE.")
    ],
    to: Annotated[
        str | None,
        typer.Option(help="The folder below models/, such as loras/styles; by what the file is if left out."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name that the file gets; its own if left out.")] = None,
    sha256: Annotated[str | None, typer.Option(help="The SHA-256 that the file must have.")] = None,
    allow_pickle: Annotated[
        bool,
        typer.Option("--allow-pickle", help="Take a pickle file too, which can run any program when it is opened."),
    ] = False,
    endpoint: Annotated[str | None, typer.Option(help="The address of the model hub.", envvar="HF_ENDPOINT")] = None,
    base_directory: Base = None,
) -> None:
    """Fetch a file of models into its folder. What was cut off goes on where it stopped when the command is given again."""
    from cli.models.found import folders_at
    from cli.models.getting import Wish, fetch
    from cli.report import ending

    with ending():
        wish = Wish(source, to, name, sha256, allow_pickle, endpoint)
        typer.echo(fetch(wish, folders_at(base_directory)))


def _document(file: ModelFile, *, with_texts: bool = False) -> dict[str, Any]:
    from diffusion.checkpoints.describe import describe

    told = describe(file.path).document()
    texts = told.pop("metadata")
    document = {"name": file.name, "folder": file.kind, **told, "path": str(file.path)}
    return {**document, "metadata": texts} if with_texts else document


def _print_table(documents: Iterable[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from cli.checks.finding import size_text

    table = Table("folder", "name", "is", "family", "precision", box=None, pad_edge=False)
    table.add_column("size", justify="right")
    for each in documents:
        family = " ".join(filter(None, (each["family"], each["details"] and f"({', '.join(each['details'])})")))
        texts = (each["folder"], each["name"], each["is"], family, each["precision"], size_text(each["bytes"]))
        table.add_row(*(Text(text, overflow="fold") for text in texts))
    Console().print(table)
