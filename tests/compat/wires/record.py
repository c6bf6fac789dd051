"""Record what ComfyUI makes of these prompts: `python -m tests.compat.wires.record URL`.

The packs that cases.py names must be in its custom_nodes, the built-in checkpoint and LoRA in its models. It runs in float32
on a processor. What the nodes show is written to facts.json: numbers and names.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp

from tests.compat.record import run
from tests.compat.wires.cases import CASES, FACTS


async def record(url: str) -> None:
    """Write the facts of all cases."""
    found: dict[str, Any] = {}
    async with aiohttp.ClientSession(url) as session:
        for case in CASES:
            told = await run(session, dict(case.prompt), {})
            if told.get("end") != "execution_success":
                sys.exit(f"{case.name}: {told}")
            found[case.name] = told["executed"]["shown"]["output"]
    lines = [f"{json.dumps(name)}: {json.dumps(shown)}" for name, shown in found.items()]
    FACTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1]))
