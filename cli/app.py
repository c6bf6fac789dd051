"""The command line: `weft run`, `weft train`, `weft explain`, `weft validate`, `weft convert`, `weft nodes` and others."""

from __future__ import annotations

import typer

from cli import cache, convert, doctor, explain, nodes, run, train, validate

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A node-graph workflow engine for diffusion models.")
app.command("run")(run.run)
app.command("train")(train.train)
app.command("explain")(explain.explain)
app.command("validate")(validate.validate)
app.command("convert")(convert.convert)
app.add_typer(nodes.app, name="nodes")
app.add_typer(cache.app, name="cache")
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command that was typed."""
    app()
