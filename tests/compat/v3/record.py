"""Record what ComfyUI does with the V3 packs and prompts of these tests: `python -m tests.compat.v3.record URL`.

The packs of tests/compat/packs that begin with v3_ must be in its custom_nodes, under their own names, and its output and
temp folders empty. Its answers are written to tests/compat/v3/facts: names, types and values, and texts of exceptions.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any

import aiohttp

from tests.compat.cases import Case
from tests.compat.record import runs
from tests.compat.v3.cases import CASES, FACTS, OWN_WORDS, PACKS

CHANCE = re.compile(r"(ComfyUI_temp_)[a-z]{5}|(bg_)[0-9a-f]{32}")  # names that are drawn


async def record(url: str) -> None:
    """Write the facts of all cases."""
    FACTS.mkdir(exist_ok=True)
    async with aiohttp.ClientSession(url) as session:
        async with session.get("/object_info") as answer:
            found = await answer.json()
        modules = {f"custom_nodes.{pack}" for pack in PACKS}
        described = {name: info for name, info in found.items() if info["python_module"] in modules}
        assert {info["python_module"] for info in described.values()} == modules, "a pack is missing"
        write("object_info", described)
        write("runs", {case.name: worded(case, settled(await runs(session, case))) for case in CASES})


def write(name: str, value: Any) -> None:
    """Write one file of facts."""
    (FACTS / f"{name}.json").write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def worded(case: Case, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was told without words that are ComfyUI's own: of an error, the node alone."""
    if case.name not in OWN_WORDS:
        return told
    return [{**each, "error": each["error"][:1]} if "error" in each else each for each in told]


def settled(value: Any) -> Any:
    """Return what was told without what is drawn by chance."""
    return json.loads(CHANCE.sub(lambda found: f"{found[1] or found[2]}X", json.dumps(value)))


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
