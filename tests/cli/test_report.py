"""A command that fails ends with sentences, its exit code and, if asked for, JSON and the traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer

from cli.report import InvalidWorkflowError, UsageError, ending
from graph.errors import Cancelled, FormatError, GraphError, NodeError, Problem

NODE_ERROR = NodeError("KSampler #7 failed: no.", node_id="7", node_type="KSampler")
PROBLEMS = (Problem("a", "One."), Problem("b", "Two."))


def end(error: BaseException, **options: Any) -> int:
    with pytest.raises(typer.Exit) as ended, ending(**options):
        raise error
    return ended.value.exit_code


@pytest.mark.parametrize(
    ("error", "code", "status", "problems"),
    [
        (InvalidWorkflowError(PROBLEMS), 2, "invalid", ["One.", "Two."]),
        (UsageError("--set x: no."), 2, "invalid", ["--set x: no."]),
        (FormatError("a.json: no."), 2, "invalid", ["a.json: no."]),
        (NODE_ERROR, 1, "failed", ["KSampler #7 failed: no."]),
        (GraphError("No."), 1, "failed", ["No."]),
        (OSError(28, "Full", "a"), 1, "failed", ["The result cannot be written or printed: a: Full."]),
        (KeyboardInterrupt(), 130, "cancelled", ["Cancelled."]),
        (Cancelled("The run was cancelled."), 130, "cancelled", ["Cancelled."]),
    ],
)  # fmt: skip
def test_every_kind_of_end_has_its_code_and_its_sentences(
    error: BaseException, code: int, status: str, problems: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(error, as_json=True) == code
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert (document["status"], document["problems"]) == (status, problems)
    assert document.get("node") == ("7" if error is NODE_ERROR else None)
    assert told.err.splitlines() == problems


def test_an_error_of_the_program_itself_is_a_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(ZeroDivisionError("division by zero")) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        "Weft failed where it should not (ZeroDivisionError: division by zero); --traceback shows the place.\n"
    )


def test_the_traceback_with_its_cause_is_shown_on_demand_only(capsys: pytest.CaptureFixture[str]) -> None:
    NODE_ERROR.__cause__ = ValueError("the cause")
    end(NODE_ERROR)
    assert "Traceback" not in capsys.readouterr().err
    end(NODE_ERROR, show_traceback=True, as_json=True)
    told = capsys.readouterr()
    assert "ValueError: the cause" in told.err
    assert "graph.errors.NodeError" in told.err
    assert json.loads(told.out)["node"] == "7"


def test_work_that_ends_well_is_left_alone() -> None:
    with ending():
        done = True
    assert done
