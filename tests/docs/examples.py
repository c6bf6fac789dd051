"""Run the examples of a page from top to bottom in one namespace, as a reader would.

    run_examples(Path("docs/nodes.md"))["Brightness"]  # what the page has defined

A `python` block is run, a `pycon` block is compared with what it prints; other blocks are left alone.
"""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run_examples(page: Path) -> dict[str, Any]:
    """Run a page's examples; return the namespace that they leave. AssertionError shows what differs."""
    return run_text(page.read_text(encoding="utf-8"), page)


def run_text(text: str, page: Path = Path("page.md")) -> dict[str, Any]:
    """Run the examples of a text; tracebacks name the lines of `page`."""
    namespace: dict[str, Any] = {"__name__": "my_nodes"}
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        if block[1] == "python":
            code = compile("\n" * line + block[2], str(page), "exec", dont_inherit=True)  # as in a module of its own
            exec(code, namespace)
        else:
            _run_session(block[2], namespace, page, line)
    return namespace


def _run_session(session: str, namespace: dict[str, Any], page: Path, line: int) -> None:
    example = doctest.DocTestParser().get_doctest(session, namespace, page.name, str(page), line)
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=report.append, clear_globs=False)
    assert not report, "".join(report)
    namespace.update(example.globs)
