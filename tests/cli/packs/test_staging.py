"""Staging folders: what is left when a process ends, in whatever way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.packs.staging import PREFIX, clear_leftovers, set_aside, staging
from tests.cli.packs.making import ROOT, Site

WORK = """
import sys
from pathlib import Path
from cli.packs.staging import set_aside, staging

root = Path(sys.argv[1])
with staging(root) as folder:
    (folder / "new").mkdir()
    for name in sys.argv[2:]:
        set_aside(root / name, folder)
    print("ready", flush=True)
    sys.stdin.read()
"""


@contextmanager
def working(root: Path, *names: str) -> Iterator[None]:
    """Run a process in the middle of its work, some packs set aside; in the end it is killed."""
    line = [sys.executable, "-c", WORK, str(root), *names]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.kill()


def folders(root: Path) -> list[str]:
    return [name for name in os.listdir(root) if name.startswith(PREFIX)]


def test_the_folder_of_a_killed_process_goes_with_the_next_command(site: Site) -> None:
    with working(site.packs):
        site.weft("list", "--packs")
        assert len(folders(site.packs)) == 1  # its process lives
    assert len(folders(site.packs)) == 1
    site.weft("list", "--packs")
    assert site.state() == {}


def test_packs_that_a_killed_process_set_aside_come_back_unless_others_are_there(site: Site) -> None:
    for name in ("rain", "snow"):
        (site.packs / name).mkdir()
        (site.packs / name / "__init__.py").write_text("old")
    with working(site.packs, "rain", "snow"):
        assert os.listdir(site.packs) == folders(site.packs)
        (site.packs / "snow").mkdir()
    clear_leftovers(site.packs)
    assert set(site.state()) == {str(site.packs / name) for name in ("rain", "rain/__init__.py", "snow")}


def test_a_pack_set_aside_comes_back_if_the_work_fails(site: Site) -> None:
    pack = site.packs / "rain"
    pack.mkdir()

    def fail(folder: Path) -> None:
        set_aside(pack, folder)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"), staging(site.packs) as work:
        fail(work)
    assert os.listdir(site.packs) == ["rain"]
