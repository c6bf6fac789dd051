"""The cache's options: --cache-ram takes no number, one or two, wherever it stands."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from cli.app import app
from cli.cache_options import CacheClassic, CacheRam, CommandWithNumbers
from runtime.settings import GIB, cache_settings, default_headroom


def heard(*args: str) -> str:
    """Return what a command with a file and the option understands."""
    small = typer.Typer()

    @small.command(cls=CommandWithNumbers)
    def command(file: str, cache_ram: CacheRam = None, cache_classic: CacheClassic = False) -> None:
        typer.echo(f"{file} {cache_ram!r} {cache_classic}")

    result = CliRunner().invoke(small, args)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["w.json"], "w.json None False"),
        (["--cache-ram", "w.json"], "w.json '' False"),
        (["w.json", "--cache-ram"], "w.json '' False"),
        (["w.json", "--cache-ram", "--cache-classic"], "w.json '' True"),
        (["--cache-ram", "4", "w.json"], "w.json '4' False"),
        (["--cache-ram", "4.5", "16", "w.json"], "w.json '4.5 16' False"),
        (["--cache-ram=4", "w.json"], "w.json '4' False"),
        (["--high-ram", "--", "--cache-ram"], "--cache-ram None True"),
    ],
)
def test_the_numbers_after_the_option_are_its_own(args: list[str], expected: str) -> None:
    assert heard(*args) == expected


@pytest.mark.parametrize(
    ("args", "part"),
    [
        (["--cache-ram", "1", "2", "3"], "takes two numbers at most, not 3"),
        (["--cache-ram=much"], "--cache-ram much: these are no numbers"),
        (["--cache-ram=-1"], "not less than 0"),
        (["--cache-ram", "--cache-lru", "3"], "--cache-lru and --cache-ram exclude each other"),
    ],
)
def test_what_is_no_choice_is_refused(args: list[str], part: str) -> None:
    result = CliRunner().invoke(app, ["run", "none.json", *args])
    assert result.exit_code == 2
    assert part in result.stderr


@pytest.mark.parametrize(("total", "expected"), [(8, 2), (64, 6.4), (512, 10)])
def test_without_a_number_a_tenth_of_the_machine_stays_free(total: int, expected: float) -> None:
    chosen = cache_settings(ram=(), total_bytes=total * GIB)
    assert (chosen.strategy, chosen.inactive_bytes) == ("ram", 0)
    assert chosen.headroom_bytes == default_headroom(total * GIB) == pytest.approx(expected * GIB, abs=1)


def test_two_numbers_are_for_this_workflow_and_for_others() -> None:
    chosen = cache_settings(ram=(1.5, 8), total_bytes=64 * GIB)
    assert (chosen.headroom_bytes, chosen.inactive_bytes) == (int(1.5 * GIB), 8 * GIB)
