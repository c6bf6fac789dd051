"""`weft nodes install` from folders, git repositories and zip files that need nothing of pip; and what is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.packs.environment import environment_here
from cli.packs.fetching import stage
from cli.packs.installing import Placement, place
from cli.packs.staging import staging
from files.packs import Pack, PackError, read_record
from files.packs.sources import source_of
from tests.cli.packs.making import NODE, Site, commit, serving

Folder = Callable[..., Path]


def test_a_folder_is_copied_and_its_source_recorded(site: Site, folder: Folder) -> None:
    source = folder(
        "rain", {"pyproject.toml": '[tool.weft]\nversion = "1.2"', "__pycache__/x.pyc": "", "data/a.txt": "a"}
    )
    code, text = site.weft("install", source)
    assert (code, str(site.packs / "rain") in text) == (0, True), text
    record = read_record(Pack("rain", site.packs / "rain"))
    assert record is not None
    assert (record.source.place, record.version) == (str(source), "1.2")
    assert set(record.files) == {"__init__.py", "pyproject.toml", "data/a.txt"}
    assert os.listdir(site.packs) == ["rain"]


def test_a_repository_is_installed_at_its_head_or_at_a_ref(site: Site, folder: Folder) -> None:
    source = folder("rain")
    old = commit(source, tag="v1")
    (source / "clouds.py").touch()
    new = commit(source)
    for number, (ref, expected) in enumerate(
        [("", new), ("@v1", old), (f"@{old}", old), (f"@{old[:10]}", old), ("@main", new)]
    ):
        code, text = site.weft("install", f"{source}{ref}", "--name", f"rain{number}")
        assert code == 0, text
        pack = site.packs / f"rain{number}"
        record = read_record(Pack(pack.name, pack))
        assert record is not None
        assert record.commit == expected
        assert (pack / "clouds.py").exists() == (expected == new)
        assert not (pack / ".git").exists()
    code, text = site.weft("install", f"{source}@v9", "--name", "other")
    assert (code, 'no branch, tag or commit "v9"' in text) == (1, True)


def test_a_url_of_a_repository_is_cloned(site: Site, folder: Folder) -> None:
    source = folder("rain")
    commit(source)
    assert site.weft("install", f"file://{source}").code == 0
    assert site.weft("install", f"file://{source}-not-there").code == 1
    assert os.listdir(site.packs) == ["rain"]


def test_a_zip_file_is_unpacked(site: Site, folder: Folder, tmp_path: Path) -> None:
    folder("rain")
    archive = shutil.make_archive(str(tmp_path / "snow-main"), "zip", tmp_path, "rain")
    assert site.weft("install", archive).code == 0
    assert (site.packs / "snow" / "__init__.py").read_text() == NODE


def test_a_zip_file_is_fetched_by_its_url(site: Site, folder: Folder, tmp_path: Path) -> None:
    folder("rain")
    shutil.make_archive(str(tmp_path / "served" / "snow"), "zip", tmp_path, "rain")
    with serving(tmp_path / "served") as address:
        code, text = site.weft("install", f"{address}/snow.zip")
        assert code == 0, text
        code, text = site.weft("install", f"{address}/hail.zip")
        assert (code, "cannot be fetched: File not found" in text) == (1, True), text
    assert os.listdir(site.packs) == ["snow"]


def test_an_installed_pack_is_listed_with_version_state_and_source(site: Site, folder: Folder) -> None:
    source = folder("rain", {"pyproject.toml": '[tool.weft]\nversion = "1.2"'})
    head = commit(source)
    site.weft("install", source)
    (site.packs / "off.disabled").mkdir()
    (site.packs / "own.py").touch()
    assert site.weft("list", "--packs").text.splitlines() == [
        "own  switched on  put there by hand",
        f"rain  1.2  switched on  from {source} ({head[:12]})",
        "off  switched off  put there by hand",
    ]
    text = site.weft("list").text
    assert "rain  1.2  loaded, 1 node  from" in text
    assert "own  without nodes" in text


@pytest.mark.parametrize("there", ["rain", "Rain", "rain.py", "rain.disabled"])
def test_a_name_that_is_taken_is_refused(site: Site, folder: Folder, there: str) -> None:
    path = site.packs / there
    path.touch() if there.endswith(".py") else path.mkdir()
    before = site.state()
    code, text = site.weft("install", folder("rain"))
    assert (code, "there already" in text, site.state() == before) == (1, True, True), text
    assert site.weft("install", folder("rain"), "--name", "drizzle").code == 0


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"bad.py": "def f(:"}, "bad.py, line 1"),
        ({"pyproject.toml": "[tool.weft"}, "cannot be read"),
        ({"requirements.txt": "noise @ https://example.org/noise.whl"}, "an address that you did not name"),
        ({"requirements.txt": "git+https://example.org/noise"}, "an address that you did not name"),
        ({"requirements.txt": "noise >>> 1"}, "is no requirement"),
    ],
)
def test_a_pack_that_could_not_work_is_refused_and_nothing_is_left(
    site: Site, folder: Folder, files: dict[str, str], reason: str
) -> None:
    code, text = site.weft("install", folder("rain", files))
    assert (code, reason in text) == (1, True), text
    assert site.state() == {}


def test_links_that_leave_the_pack_are_refused(site: Site, folder: Folder) -> None:
    source = folder("rain")
    (source / "secret").symlink_to("/etc/passwd")
    code, text = site.weft("install", source)
    assert (code, "secret is a link" in text, site.state()) == (1, True, {}), text


def test_a_folder_that_holds_the_packs_is_no_pack(site: Site) -> None:
    code, text = site.weft("install", site.base)
    assert (code, "holds custom_nodes itself" in text, site.state()) == (1, True, {}), text


def test_options_in_requirements_are_told_and_not_followed(site: Site, folder: Folder) -> None:
    source = folder("rain", {"requirements.txt": "--extra-index-url https://example.org\nnumpy\n"})
    code, text = site.weft("install", source)
    assert (code, "--extra-index-url https://example.org, which is not followed" in text) == (0, True), text


def test_of_several_packs_all_or_none_are_placed(site: Site, folder: Folder) -> None:
    site.weft("install", folder("rain"))
    folder("rain", {"clouds.py": ""})
    before = site.state()
    with staging(site.packs) as work:
        first = Placement(stage(source_of(str(folder("rain"))), "rain", work), site.packs / "rain", replaces=True)
        second = Placement(stage(source_of(str(folder("snow"))), "snow", work), site.packs / "snow")
        (site.packs / "snow").mkdir()
        with pytest.raises(PackError, match="in the meantime"):
            place([first, second], [], environment_here(), work, print)
    (site.packs / "snow").rmdir()
    assert site.state() == before


def test_an_interruption_leaves_nothing(site: Site, folder: Folder) -> None:
    def interrupt(work: Path) -> None:
        stage(source_of(str(folder("rain"))), "rain", work)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), staging(site.packs) as work:
        interrupt(work)
    assert site.state() == {}
