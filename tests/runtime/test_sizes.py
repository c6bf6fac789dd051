"""Sizes as people write them."""

from __future__ import annotations

import pytest

from runtime.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [
        ("600MB", 600_000_000),
        ("2GB", 2_000_000_000),
        ("2 gb", 2_000_000_000),
        ("1.5GiB", 1_610_612_736),
        ("512k", 512_000),
        ("1024", 1024),
        ("40%", 400),
        (" 12.5 % ", 125),
        ("0", 0),
    ],
)
def test_sizes_are_read(text: str, nbytes: int) -> None:
    assert parse_size(text, whole=1000) == nbytes


@pytest.mark.parametrize("text", ["", "GB", "2XB", "-1GB", "1e9", "two", "2 G B", "140%", "nan"])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r'"600MB" or "2GB"|up to 100%'):
        parse_size(text, whole=1000)


def test_a_share_of_nothing_known_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a size"):
        parse_size("40%")


def test_a_number_alone_has_the_unit_of_its_option() -> None:
    assert parse_size("1.5", unit="gb") == 1_500_000_000
    assert parse_size("1.5MB", unit="gb") == 1_500_000
