"""The contract of every family: a module in families/ is picked up by itself, and reads the files of its kind.

A family brings at least one stripped header in headers/<name>/ (see stripped.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch

from diffusion.checkpoints.detect import detect, known_families
from diffusion.checkpoints.family import Family
from diffusion.checkpoints.fill import check_shapes
from diffusion.checkpoints.together import whole_of
from tests.diffusion.checkpoints.stripped import HEADERS, headers_of

each_family = pytest.mark.parametrize("family", known_families(), ids=lambda family: family.name)


@each_family
def test_a_family_is_complete(family: Family) -> None:
    assert family.name.isidentifier()
    assert family.title
    assert family.signature.rules


@each_family
def test_a_family_knows_its_files_and_no_other_does(family: Family) -> None:
    headers = headers_of(family.name)
    assert headers, f"put the stripped header of a file into {HEADERS / family.name}"
    assert [detect(header).family.name for header in headers] == [family.name] * len(headers)


@each_family
def test_the_networks_that_a_family_reads_want_the_tensors_of_the_file(family: Family) -> None:
    for header in headers_of(family.name):
        whole = whole_of(header)
        others = [encoder.part for encoder in whole.encoders.values()]
        for part in (whole.backbone.part, *others, *([whole.vae.part] if whole.vae else [])):
            with torch.device("meta"):
                module = part.build()
            shapes: Mapping[str, tuple[int, ...]] = {
                name: tuple(tensor.shape) for name, tensor in module.state_dict().items()
            }
            check_shapes(header, shapes, part.keys(module))


def test_names_are_unique() -> None:
    names = [family.name for family in known_families()]
    assert len(names) == len(set(names))


def test_every_folder_of_headers_is_that_of_a_family() -> None:
    folders = {path.name for path in HEADERS.iterdir() if path.is_dir()}
    assert folders <= {family.name for family in known_families()}
