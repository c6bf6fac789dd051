"""What somebody types as a pack's source, and what it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from files.packs import PackError
from files.packs.sources import Kind, Source, checked_name, source_of


@pytest.mark.parametrize(
    ("text", "kind", "place", "ref", "name"),
    [
        ("https://example.org/a/rain.git", Kind.GIT, "https://example.org/a/rain.git", None, "rain"),
        ("https://example.org/a/rain", Kind.GIT, "https://example.org/a/rain", None, "rain"),
        ("git+https://example.org/a/rain@v2", Kind.GIT, "https://example.org/a/rain", "v2", "rain"),
        ("https://me@example.org/a/rain@feature/x", Kind.GIT, "https://me@example.org/a/rain", "feature/x", "rain"),
        ("git@example.org:a/rain.git@v2", Kind.GIT, "git@example.org:a/rain.git", "v2", "rain"),
        ("ssh://git@example.org/a/rain", Kind.GIT, "ssh://git@example.org/a/rain", None, "rain"),
        ("https://example.org/rain-main.zip?a=b", Kind.ZIP, "https://example.org/rain-main.zip?a=b", None, "rain"),
        ("Noise_Nodes", Kind.PACKAGE, "Noise_Nodes", None, "noise-nodes"),
        ("noise==1.2", Kind.PACKAGE, "noise", "1.2", "noise"),
    ],
)
def test_addresses_and_names(text: str, kind: Kind, place: str, ref: str | None, name: str) -> None:
    source = source_of(text)
    assert source == Source(kind, place, ref)
    assert source.pack_name == name


def test_paths_that_are_there_come_before_names_of_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rain" / ".git").mkdir(parents=True)
    (tmp_path / "snow@home").mkdir()
    (tmp_path / "hail.zip").touch()
    assert source_of("rain") == Source(Kind.GIT, str(tmp_path / "rain"))
    assert source_of("rain@v1") == Source(Kind.GIT, str(tmp_path / "rain"), "v1")
    assert source_of("snow@home") == Source(Kind.FOLDER, str(tmp_path / "snow@home"))
    assert source_of("hail.zip").kind is Kind.ZIP


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ext::sh -c true", "is no URL"),
        ("ftp://example.org/rain", "is not fetched"),
        ("file:///rain.zip", "name a local one by its path"),
        ("https://example.org/rain@", "after the @"),
        ("noise>=1", "==version"),
        ("noise[all]", "==version"),
        ("--upload-pack=x", "is no URL"),
        ("", "is no URL"),
    ],
)
def test_what_is_no_source_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        source_of(text)


def test_a_ref_of_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no git repository"):
        source_of(f"{tmp_path}@v1")


@pytest.mark.parametrize("name", ["", "..", ".rain", "a/b", "a\\b", "rain.disabled", "rain.py", "__pycache__", "a b"])
def test_names_that_are_none_for_a_folder_are_refused(name: str) -> None:
    with pytest.raises(PackError, match="no name for a pack"):
        checked_name(name)
