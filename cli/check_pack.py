"""`weft nodes check`: what a pack, wherever it lies, needs, uses and brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from runtime.pack_check.report import Lack, PackCheck, Patch, Requirement
    from runtime.packs.report import PackProblem

MOST_NODES = 12  # named in a line


def check(
    folder: Annotated[Path, typer.Argument(help="A pack's folder or single file, for Weft or for ComfyUI.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    limit: Annotated[float, typer.Option(help="Seconds that its import may take.", min=0.1)] = 60.0,
) -> None:
    """Say what a node pack needs, uses and brings; exit code 1 if something of it does not work here.

    Its code runs, in a process of its own. It need not lie in custom_nodes, and nothing is installed or changed.
    """
    from runtime.pack_check.apart import PackCheckError, check_pack

    try:
        found = check_pack(folder, limit)
    except PackCheckError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False, highlight=False)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(found.document().decode())
    else:
        console = Console(soft_wrap=True, highlight=False)
        for line in lines_of(found):
            console.print(line, markup=False)
    raise typer.Exit(0 if found.is_good else 1)


def lines_of(check: PackCheck) -> Iterator[str]:
    """Yield the report for a terminal."""
    version = f" {check.version}" if check.version else ""
    yield f"{check.name}{version}, for {'ComfyUI' if check.kind == 'comfyui' else 'Weft'}: {check.state}"
    yield from _part(
        f"{len(check.nodes)} node{'s' * (len(check.nodes) != 1)}", [_names(check.nodes)] if check.nodes else []
    )
    yield from _part("Problems", [_problem(each, check) for each in check.problems])
    yield from _part("Names that Weft does not have", [_lack(each, check) for each in check.lacking])
    yield from _part("Not installed as it is wanted", [_requirement(each, check) for each in check.requirements])
    yield from _part(
        "Replaced in ComfyUI, which Weft does not go through", [_patch(each, check) for each in check.patches]
    )
    yield from _part("What it did besides while it was loaded", check.notes)
    yield from _part("Uses of ComfyUI", [f"{each.api:<6}  {each.name}" for each in check.features])
    for editor, title in (("weft", "Scripts for Weft's editor"), ("comfyui", "Scripts for ComfyUI's editor")):
        yield from _part(title, [_short(each.file, check) for each in check.scripts if each.editor == editor])


def _part(title: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield f"\n{title}:"
        yield from (f"  {line}" for line in lines)


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_NODES} more" if len(names) > MOST_NODES else ""
    return ", ".join(names[:MOST_NODES]) + more


def _problem(problem: PackProblem, check: PackCheck) -> str:
    return f"{_place(problem.file, problem.line, check)}{problem.message} {problem.remedy}".rstrip()


def _lack(lack: Lack, check: PackCheck) -> str:
    when = ", when a function runs" if lack.is_late else ""
    return f"{_place(lack.file, lack.line, check)}{lack.name}{when}{_optional(lack.is_optional)}"


def _requirement(wanted: Requirement, check: PackCheck) -> str:
    found = f" (there is {wanted.found})" if wanted.found else ""
    return f"{_place(wanted.file, wanted.line, check)}{wanted.text}{found}{_optional(wanted.is_optional)}"


def _optional(is_optional: bool) -> str:
    return "; the pack goes on without it" if is_optional else ""


def _patch(patch: Patch, check: PackCheck) -> str:
    return f"{_place(patch.file, patch.line, check)}{patch.name}"


def _place(file: str | None, line: int | None, check: PackCheck) -> str:
    if file is None:
        return ""
    return f"{_short(file, check)}:{line}  " if line is not None else f"{_short(file, check)}  "


def _short(file: str, check: PackCheck) -> str:
    """Return a path from where the pack lies."""
    root = Path(check.path).parent
    return str(Path(file).relative_to(root)) if Path(file).is_relative_to(root) else file
