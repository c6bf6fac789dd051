"""`weft nodes new NAME`: a node pack to begin with: a node, a test and a README."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

GOOD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
PACKS = "custom_nodes"

NODE = '''"""Nodes of {name}. Each function with @node is one; docs/nodes.md of Weft says what annotations mean."""

from __future__ import annotations

from typing import Annotated

from graph.spec import node
from graph.widgets import Range
from nodes.sockets import Image


@node(category="{name}", display_name="Brightness ({name})")
def {stem}Brightness(image: Image, factor: Annotated[float, Range(0.0, 4.0, step=0.05)] = 1.0) -> Image:
    """Make a picture brighter or darker.

    factor: 1 changes nothing, 2 is twice as bright.
    """
    return (image * factor).clamp(0, 1)
'''

TEST = '''"""The nodes of {name}, called as functions and run by the engine. Run it: python -m pytest {place}"""

from __future__ import annotations

from pathlib import Path

import torch

from runtime.packs.trying import try_pack

PACK = Path(__file__).parents[1]


def test_the_pack_is_loaded_without_problems() -> None:
    with try_pack(PACK) as pack:
        assert pack.report.problems == ()
        assert pack.report.nodes == ("{stem}Brightness",)


def test_twice_the_factor_is_twice_as_bright() -> None:
    grey = torch.full((1, 8, 8, 3), 0.25)  # (batch, height, width, channels), 0 to 1
    with try_pack(PACK) as pack:
        (brighter,) = pack.run("{stem}Brightness", image=grey, factor=2.0)
    assert torch.equal(brighter, torch.full((1, 8, 8, 3), 0.5))
'''

README = """# {name}

A node pack for Weft.

| node | what it does |
|---|---|
| `{stem}Brightness` | makes a picture brighter or darker |

Put the folder into `custom_nodes/` of Weft. While the server runs, a saved file is loaded at once.

    weft nodes show {stem}Brightness
    python -m pytest {place}
"""

MANIFEST = """[tool.weft]
name = "{name}"
version = "0.1.0"
requires = []  # what pip is to install, such as "scipy>=1.13"
# web = "web"  # a folder of scripts for browsers
"""

FILES: Mapping[str, str] = {
    "__init__.py": NODE,
    "tests/test_{word}.py": TEST,
    "README.md": README,
    "pyproject.toml": MANIFEST,
}


def new(
    name: Annotated[str, typer.Argument(help="The pack's name: letters, digits, - and _.")],
    base_directory: Annotated[Path | None, typer.Option(help="The folder that holds custom_nodes/.")] = None,
) -> None:
    """Write a node pack with a node, a test and a README into custom_nodes/."""
    from cli.packs.staging import staging
    from cli.report import UsageError, ending
    from runtime.settings import default_base

    with ending():
        if not GOOD_NAME.fullmatch(name):
            raise UsageError(
                f'"{name}" is no name for a pack: it begins with a letter and has letters, digits, - and _.'
            )
        root = (base_directory or default_base()) / PACKS
        if os.path.lexists(root / name):
            raise UsageError(f"{root / name} is there already; choose another name.")
        with staging(root) as folder:
            written = write_pack(folder / name)
            (folder / name).rename(root / name)
        for path in written:
            typer.echo(root / path.relative_to(folder))


def write_pack(folder: Path) -> list[Path]:
    """Write the files of a pack; return their paths."""
    word = folder.name.lower().replace("-", "_")
    stem = "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]+", folder.name))
    texts = {"name": folder.name, "word": word, "stem": stem, "place": f"{PACKS}/{folder.name}"}
    written = []
    for name, text in FILES.items():
        path = folder / name.format(**texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**texts), encoding="utf-8")
        written.append(path)
    return written
