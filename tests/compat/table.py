"""The text of docs/compatibility.md: what a run over the packs of these tests finds, beside what ComfyUI did with them.

page(base)  # base: an empty folder for the run; docs/make_compatibility.py writes the page, tests/docs compares it
"""

from __future__ import annotations

import ast
import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from compat.shims.finder import uninstall
from graph.describe import describe_all
from graph.registry import Registry
from runtime.engine import open_studio
from runtime.pack_check.apart import pack_at
from runtime.pack_check.child import examine
from runtime.pack_check.features import ROWS
from runtime.pack_check.report import PackCheck
from runtime.settings import Settings
from tests.compat import cases as first
from tests.compat import test_cases as v1
from tests.compat.cases import PACKS, Case
from tests.compat.engine_runs import adapted, host, new_engine, runs
from tests.compat.table_texts import ASKED_FOR, DIFFERENCES, DIFFERS, HEAD, LIMITS, MODULES
from tests.compat.v3 import cases as third
from tests.compat.v3.record import settled

FIELDS = ("errors", "refused", "cached", "executed", "end", "blocked", "error")
OWN_WORDS = v1.OWN_WORDS | third.OWN_WORDS
CASES_OF: Mapping[str, tuple[Case, ...]] = {**first.CASES_OF, **third.CASES_OF}
TESTED_ELSEWHERE = {"routes_": "tests/compat/routes", "progress": "tests/compat/shims"}


class Result(NamedTuple):
    """How the cases of a pack went: how many there are, which differ, and whether its nodes are described as there."""

    cases: int
    other: tuple[str, ...]
    is_described_so: bool | None


def page(base: Path) -> str:
    """Return the page."""
    checks = dict(_checks(base / "checks"))
    results = _results(base / "runs")
    known = [name for difference in DIFFERENCES for name in difference.cases]
    other = [name for result in results.values() for name in result.other]
    assert sorted(known) == sorted(other), "say in DIFFERENCES what differs"
    parts = (HEAD, *_packs(checks, results), DIFFERS, *_differences(), LIMITS, *_features(checks), MODULES)
    return "\n".join((*parts, *_modules(base / "modules"), ""))


def _checks(base: Path) -> Iterator[tuple[str, PackCheck]]:
    """Look at each pack as `weft nodes check` does, all in this process, since they end none."""
    settings = Settings(base=base, device="cpu")
    with open_studio(settings) as studio:
        for path in sorted(path for path in PACKS.iterdir() if (path / "__init__.py").is_file()):
            yield path.name, examine(pack_at(path), studio, settings)
            uninstall()


def _results(base: Path) -> dict[str, Result]:
    """Run all cases and compare them with what was recorded of ComfyUI, leaving out only the order in which nodes began."""
    with host(base):
        specs = {name: adapted(name).specs for name in (*first.RECORDED, *third.PACKS)}
        registry = Registry.of(*(spec for found in specs.values() for spec in found))
        described = json.loads(json.dumps(describe_all(registry)))
        found = {}
        for name in specs:
            folder = first.FACTS if name in first.RECORDED else third.FACTS
            facts, told_of = _facts(folder, "runs"), _facts(folder, "object_info")
            cases = CASES_OF.get(name, ())
            other = tuple(case.name for case in cases if not _is_same(case, registry, facts[case.name]))
            names = [spec.name for spec in specs[name]]
            found[name] = Result(len(cases), other, all(described[each] == told_of[each] for each in names))
    return found


def _facts(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


def _is_same(case: Case, registry: Registry, facts: list[Any]) -> bool:
    told = settled(runs(new_engine(registry), case))
    return [_comparable(each, case) for each in told] == [_comparable(each, case) for each in facts]


def _comparable(told: Mapping[str, Any], case: Case) -> dict[str, Any]:
    kept = {name: told.get(name) for name in FIELDS} | {"began": sorted(told.get("began") or ())}
    if case.name in OWN_WORDS and kept["error"]:
        kept["error"] = kept["error"][:1]
    return kept


def _packs(checks: Mapping[str, PackCheck], results: Mapping[str, Result]) -> Iterator[str]:
    for name, check in checks.items():
        apis = {feature.api for feature in check.features}
        api = " and ".join(each for each in ("V1", "V3") if each in apis) or "server"
        left = sum("left out" in problem.message for problem in check.problems)
        loaded = f"{check.state}: {left} nodes left out, each with its reason" if left else check.state
        yield f"| `{name}` | {_about(name)} | {api} | {loaded} | {_outcome(name, results.get(name))} |"


def _about(name: str) -> str:
    text = ast.get_docstring(ast.parse((PACKS / name / "__init__.py").read_text())) or ""
    return text.removesuffix(".")


def _outcome(name: str, result: Result | None) -> str:
    if result is None:
        place = next(
            (place for lead, place in TESTED_ELSEWHERE.items() if name.startswith(lead)), "tests/compat/test_packs.py"
        )
        return f"not recorded; tested in `{place}`"
    same = "described the same" if result.is_described_so else "described otherwise"
    if not result.cases:
        return same
    if not result.other:
        return f"{same}; {result.cases} of {result.cases} cases the same"
    reasons = ", ".join(sorted({str(number) for name in result.other for number in _reasons(name)}))
    right, differ = result.cases - len(result.other), "differ" if len(result.other) > 1 else "differs"
    return f"{same}; {right} of {result.cases} cases the same, {len(result.other)} {differ} ({reasons})"


def _reasons(case: str) -> Iterable[int]:
    return (number for number, difference in enumerate(DIFFERENCES, 1) if case in difference.cases)


def _differences() -> Iterator[str]:
    for number, difference in enumerate(DIFFERENCES, 1):
        names = ", ".join(f"“{name}”" for name in sorted(difference.cases))
        yield f"{number}. {difference.how} ({len(difference.cases)}: {names})"


def _features(checks: Mapping[str, PackCheck]) -> Iterator[str]:
    for row in ROWS:
        packs = [
            f"`{name}`"
            for name, check in checks.items()
            if any((each.api, each.name) == (row.api, row.name) for each in check.features)
        ]
        assert packs, f"no pack of tests/compat/packs uses {row.name}"
        yield f"| {row.name} | {row.api} | {_few(packs)} |"


def _few(packs: list[str]) -> str:
    return ", ".join(packs[:4]) + (f" and {len(packs) - 4} more" if len(packs) > 4 else "")


def _modules(base: Path) -> Iterator[str]:
    with host(base):
        there = {name: _is_there(name) for name in ASKED_FOR}
    for title, wanted in (("There", True), ("Not there", False)):
        yield f"- {title}: " + ", ".join(f"`{name}`" for name, is_there in there.items() if is_there is wanted) + "."


def _is_there(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
