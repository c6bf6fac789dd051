"""What is told of packs: to terminals in lines, to the server as JSON.

lines_of(shelf.reports())  # ["Node packs: 11 loaded, 1 failed", "  rain  failed  rain/__init__.py:3  …"]
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from compat.routes.additions import added_web_folders
from runtime.packs.report import PackProblem, PackReport, PackState
from runtime.packs.shelf import Shelf

MOST_PROBLEMS = 3  # of one pack; /api/v1/packs has all
RIGHT = (PackState.LOADED, PackState.DISABLED)


def packs_document(shelf: Shelf) -> bytes:
    """Return the payload of graph.protocol.Packs."""
    document = {
        "packs": [report.document() for report in shelf.reports()],
        "changed": sorted(shelf.touched),
        "web_folders": {**added_web_folders(), **{name: str(folder) for name, folder in shelf.web_folders.items()}},
    }
    return json.dumps(document).encode()


def lines_of(reports: Iterable[PackReport]) -> list[str]:
    """Return a line for all packs and one for each problem; nothing if all is well."""
    reports = list(reports)
    wrong = [report for report in reports if report.state not in RIGHT]
    counts = Counter(report.state.value for report in reports)
    head = ", ".join(f"{count} {state}" for state, count in counts.items())
    return [f"Node packs: {head}", *_table(wrong)] if wrong else []


def changed_lines(before: Iterable[PackReport], after: Iterable[PackReport]) -> list[str]:
    """Return what is to be said when packs were loaded again."""
    old, new = ({report.name: report for report in reports} for reports in (before, after))
    gone = [f"Node pack {name}: gone" for name in old if name not in new]
    changed = [report for name, report in new.items() if old.get(name) != report]
    good = [f"Node pack {each.name}: {each.state.value}" for each in changed if each.state in RIGHT]
    wrong = [report for report in changed if report.state not in RIGHT]
    return [*gone, *good, *(["Node packs:", *_table(wrong)] if wrong else [])]


def _table(wrong: Sequence[PackReport]) -> list[str]:
    width = max(len(report.name) for report in wrong)
    return [line for report in wrong for line in _lines(report, width)]


def _lines(report: PackReport, width: int) -> Iterator[str]:
    lead = f"  {report.name:<{width}}  {report.state.value:<7}"
    for problem in report.problems[:MOST_PROBLEMS]:
        yield f"{lead}  {_place(problem, report)}  {problem.message} {problem.remedy}".rstrip()
        lead = " " * len(lead)
    if len(report.problems) > MOST_PROBLEMS:
        yield f"{lead}  and {len(report.problems) - MOST_PROBLEMS} more"


def _place(problem: PackProblem, report: PackReport) -> str:
    """Return `file:line`, from the folder of packs if the file lies there."""
    if problem.file is None:
        return report.path.name
    root, path = report.path.parent, Path(problem.file)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return f"{shown}:{problem.line}" if problem.line is not None else str(shown)
