"""Packs that are there: renewed, switched off and on, removed, frozen and brought back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from files.packs import Pack, read_record
from tests.cli.packs.making import NODE, Site, commit

Folder = Callable[..., Path]


class TestUpdate:
    def test_a_newer_commit_takes_the_place_and_later_files_stay(self, site: Site, folder: Folder) -> None:
        source = folder("rain", {"old.py": ""})
        commit(source)
        site.weft("install", source)
        pack = site.packs / "rain"
        (pack / "models").mkdir()
        (pack / "models" / "own.bin").write_text("mine")
        assert "up to date" in site.weft("update", "rain").text
        (source / "old.py").unlink()
        (source / "new.py").touch()
        newest = commit(source)
        code, text = site.weft("update")
        assert code == 0, text
        assert {path.name for path in pack.iterdir()} == {"__init__.py", "new.py", "models", ".weft-pack.json"}
        assert (pack / "models" / "own.bin").read_text() == "mine"
        record = read_record(Pack("rain", pack))
        assert record is not None
        assert record.commit == newest
        assert [path.name for path in site.packs.iterdir()] == ["rain"]

    def test_edited_files_are_not_lost(self, site: Site, folder: Folder) -> None:
        source = folder("rain")
        site.weft("install", source)
        (source / "new.py").touch()
        (site.packs / "rain" / "__init__.py").write_text("mine = 1")
        before = site.state()
        code, text = site.weft("update", "rain")
        assert (code, "was edited since it was installed (__init__.py)" in text) == (1, True), text
        assert site.state() == before

    def test_a_newer_version_that_is_broken_leaves_the_old_one(self, site: Site, folder: Folder) -> None:
        source = folder("rain")
        site.weft("install", source)
        before = site.state()
        (source / "bad.py").write_text("def f(:")
        code, text = site.weft("update")
        assert (code, "bad.py, line 1" in text) == (1, True), text
        assert site.state() == before

    def test_one_put_there_by_hand_has_no_source(self, site: Site) -> None:
        (site.packs / "rain.py").write_text(NODE)
        code, text = site.weft("update", "rain")
        assert (code, "put there by hand" in text) == (1, True)


class TestSwitch:
    @pytest.mark.parametrize("name", ["rain", "rain.py"])
    def test_off_and_on_again_leaves_it_as_it_was(self, site: Site, name: str) -> None:
        path = site.packs / name
        path.write_text(NODE) if name.endswith(".py") else path.mkdir()
        before = site.state()
        assert site.weft("disable", "rain").code == 0
        assert "rain  switched off" in site.weft("list", "--packs").text
        assert site.weft("disable", "rain").code == 1
        assert site.weft("enable", "rain").code == 0
        assert site.state() == before

    def test_one_in_the_manager_s_folder_comes_out_of_it(self, site: Site) -> None:
        (site.packs / ".disabled" / "rain").mkdir(parents=True)
        assert site.weft("enable", "rain").code == 0
        assert (site.packs / "rain").is_dir()

    def test_a_name_that_is_wrong_offers_the_nearest(self, site: Site) -> None:
        (site.packs / "rain").mkdir()
        code, text = site.weft("disable", "rian")
        assert (code, 'did you mean "rain"?' in text) == (1, True)
        assert 'has no pack that is called "hail".' in site.weft("remove", "hail").text

    def test_what_is_there_is_not_written_over(self, site: Site) -> None:
        (site.packs / "rain").mkdir()
        (site.packs / "rain.disabled").mkdir()
        before = site.state()
        assert site.weft("disable", "rain").code == 1
        assert site.state() == before


class TestRemove:
    def test_an_installed_pack_goes_wholly(self, site: Site, folder: Folder) -> None:
        site.weft("install", folder("rain"))
        assert site.weft("remove", "rain").code == 0
        assert site.state() == {}

    def test_the_only_copy_goes_only_if_that_is_said(self, site: Site, folder: Folder) -> None:
        (site.packs / "own.py").write_text(NODE)
        site.weft("install", folder("rain"))
        (site.packs / "rain" / "__init__.py").write_text("mine = 1")
        before = site.state()
        assert site.weft("remove", "own").code == site.weft("remove", "rain").code == 1
        assert site.state() == before
        assert site.weft("remove", "own", "--yes").code == site.weft("remove", "rain", "--yes").code == 0
        assert site.state() == {}

    def test_of_a_link_only_the_link_goes(self, site: Site, folder: Folder) -> None:
        source = folder("rain")
        (site.packs / "rain").symlink_to(source)
        assert site.weft("remove", "rain").code == 0
        assert (site.state(), (source / "__init__.py").exists()) == ({}, True)


class TestSets:
    def test_what_was_frozen_comes_back_as_it_was_although_sources_went_on(
        self, site: Site, folder: Folder, tmp_path: Path
    ) -> None:
        file = tmp_path / "set.json"
        rain, snow = folder("rain"), folder("snow")
        commit(rain)
        for source in (rain, snow):
            site.weft("install", source)
        before = site.state()
        assert site.weft("freeze", file).code == 0
        (rain / "new.py").touch()
        commit(rain)
        site.weft("update", "rain")
        site.weft("remove", "snow")
        code, text = site.weft("restore", file)
        assert code == 0, text
        assert site.state() == before
        assert "rain is there already" in site.weft("restore", file).text

    def test_a_full_disk_leaves_the_set_of_before(self, site: Site, tmp_path: Path) -> None:
        file = tmp_path / "set.json"
        site.weft("freeze", file)
        before = file.read_bytes()
        code, text = site.weft_on_a_full_disk("freeze", file)
        assert (code, "File too large" in text) == (1, True), text
        assert (file.read_bytes(), list(tmp_path.glob(".*"))) == (before, [])

    def test_another_hash_refuses_the_whole_set(self, site: Site, folder: Folder, tmp_path: Path) -> None:
        file = tmp_path / "set.json"
        for source in (folder("rain"), folder("snow")):
            site.weft("install", source)
        site.weft("freeze", file)
        folder("snow", {"evil.py": ""})
        for name in ("rain", "snow"):
            site.weft("remove", name)
        code, text = site.weft("restore", file)
        assert (code, "has other files now than the set" in text, site.state()) == (1, True, {}), text

    def test_a_clone_made_by_hand_is_frozen_with_its_commit(self, site: Site, folder: Folder, tmp_path: Path) -> None:
        from tests.cli.packs.making import git

        source, file = folder("rain"), tmp_path / "set.json"
        head = commit(source)
        git(site.packs, "clone", "--quiet", str(source), "rain")
        (site.packs / "own.py").write_text(NODE)
        assert "own was put there by hand" in site.weft("freeze", file).text
        document = json.loads(file.read_text())
        assert [entry.get("commit") for entry in document["packs"]] == [None, head]
        assert site.weft("restore", file).code == 1
        document["packs"] = document["packs"][1:]
        file.write_text(json.dumps(document))
        shutil.rmtree(site.packs / "rain")
        code, text = site.weft("restore", file)
        assert code == 0, text
        assert (site.packs / "rain" / "__init__.py").read_text() == NODE

    @pytest.mark.parametrize("text", ["", "{}", '{"format": 2}', '{"format": 1, "packs": [{"name": "../x"}]}'])
    def test_a_file_that_is_no_set_is_refused(self, site: Site, tmp_path: Path, text: str) -> None:
        file = tmp_path / "set.json"
        file.write_text(text)
        assert site.weft("restore", file).code == 1
