"""The contract of every family: a module in families/ is picked up by itself and says all that is asked for."""

from __future__ import annotations

import pytest

from diffusion.checkpoints.detect import known_families
from diffusion.checkpoints.family import Family


@pytest.mark.parametrize("family", known_families(), ids=lambda family: family.name)
def test_a_family_is_complete(family: Family) -> None:
    assert family.name.isidentifier()
    assert family.title
    assert family.signature.rules


def test_names_are_unique() -> None:
    names = [family.name for family in known_families()]
    assert len(names) == len(set(names))
