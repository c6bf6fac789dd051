"""Make docs/compatibility.md: what packs written for ComfyUI do here, from a run over those in tests/compat/packs.

python docs/make_compatibility.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.compat.table import page  # noqa: E402

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        (ROOT / "docs" / "compatibility.md").write_text(page(Path(folder)), encoding="utf-8")
