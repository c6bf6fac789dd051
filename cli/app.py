"""The command line: `weft serve`, `weft run`, `weft train`, `weft explain`, `weft validate`, `weft convert` and others."""

from __future__ import annotations

import typer

from cli import cache, convert, doctor, explain, nodes, run, train, train_lora, validate, worker
from cli.cache_options import CommandWithNumbers
from cli.models.commands import app as models

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A node-graph workflow engine for diffusion models.")
PASSED_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@app.command("serve", context_settings=PASSED_ON)
def serve(context: typer.Context) -> None:
    """Start the server and the editor; what `main.py` does without a command."""
    from cli.serve import main as start_server  # the flags are its own: it starts without typer

    raise typer.Exit(start_server(context.args))


app.command("run", cls=CommandWithNumbers)(run.run)
app.command("train")(train.train)
app.command("train-lora")(train_lora.train_lora)
app.command("explain")(explain.explain)
app.command("validate")(validate.validate)
app.command("convert")(convert.convert)
app.add_typer(nodes.app, name="nodes")
app.add_typer(models, name="models")
app.add_typer(cache.app, name="cache")
app.command("worker", hidden=True, cls=CommandWithNumbers)(worker.worker)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command that was typed."""
    app()
