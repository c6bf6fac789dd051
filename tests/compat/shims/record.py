"""Run the cases in ComfyUI and write down what came out: `python record.py COMFYUI_FOLDER` with its interpreter (0.33)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    """Write facts.json."""
    sys.path[:0] = [sys.argv.pop(1), str(HERE)]
    from cases import GROUPS

    facts = {group: dict(run()) for group, run in GROUPS.items()}
    (HERE / "facts.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
