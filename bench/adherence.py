"""Prompt adherence of the built-in model: which part of what prompts name its pictures show, judged by pixels alone.

    .venv/bin/python bench/adherence.py [--prompts 100] [--checkpoint FILE]

Limits: 90% of the named skies, grounds, things and colours for one thing, 80% for two.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from diffusion.checkpoints.load import load_checkpoint  # noqa: E402
from tests.adherence.judge import Judge  # noqa: E402
from tests.adherence.measure import Report, measure  # noqa: E402

LIMITS = {1: 0.90, 2: 0.80, 3: None}
TOPICS = ("sky", "ground", "thing", "colour", "place", "order")


def main() -> int:
    """Measure and print; return 1 if a limit is missed."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--prompts", type=int, default=100, help="for each number of things")
    arguments.add_argument("--checkpoint", type=Path, default=ROOT / "models" / "checkpoints" / "weft-demo.safetensors")
    chosen = arguments.parse_args()
    checkpoint, judge = load_checkpoint(chosen.checkpoint, dtype=torch.float32), Judge()
    is_missed = False
    for things, limit in LIMITS.items():
        report = measure(checkpoint, things, chosen.prompts, judge)
        is_missed |= limit is not None and report.share < limit
        print(line(things, report, limit), flush=True)
    return int(is_missed)


def line(things: int, report: Report, limit: float | None) -> str:
    """Return one line of the outcome."""
    parts = [f"{topic} {report.right[topic]}/{report.named[topic]}" for topic in TOPICS if report.named[topic]]
    aim = f" (limit {limit:.0%})" if limit is not None else ""
    return f"{things} thing(s): {report.share:.1%}{aim}; {', '.join(parts)}; {report.extras} not asked for"


if __name__ == "__main__":
    sys.exit(main())
