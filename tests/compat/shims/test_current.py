"""Progress, interruption and the context of packs, whose calls carry no run, reach the run of the node that makes them."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from graph.errors import Cancelled
from graph.events import Event, Preview, Progress
from runtime.machine import LocalMachine
from tests.compat.shims.conftest import Desk

RunInNode = Callable[..., list[Event]]


def _progress(events: list[Event]) -> list[tuple[str, int, int]]:
    return [(event.node_id, event.value, event.total) for event in events if isinstance(event, Progress)]


def test_a_progress_bar_tells_first_and_last_of_its_node(run_in_node: RunInNode) -> None:
    def work() -> None:
        bar = importlib.import_module("comfy.utils").ProgressBar(1000)
        for _ in range(1000):
            bar.update(1)

    told = _progress(run_in_node(work))
    assert told[0] == ("7", 1, 1000)
    assert told[-1] == ("7", 1000, 1000)
    assert len(told) < 1000


def test_a_progress_bar_shows_pictures(run_in_node: RunInNode) -> None:
    picture = Image.new("RGB", (8, 8))
    bar = importlib.import_module("comfy.utils").ProgressBar
    events = run_in_node(lambda: bar(3).update_absolute(2, 4, ("JPEG", picture, 512)))
    assert [event.image for event in events if isinstance(event, Preview)] == [picture]
    assert _progress(events) == [("7", 2, 4)]


def test_a_thread_of_a_node_tells_of_the_node(run_in_node: RunInNode) -> None:
    def work() -> None:
        bar = importlib.import_module("comfy.utils").ProgressBar(2)
        thread = threading.Thread(target=bar.update, args=(2,))
        thread.start()
        thread.join()

    assert _progress(run_in_node(work)) == [("7", 2, 2)]


def test_a_hook_hears_progress_in_place_of_the_run(run_in_node: RunInNode) -> None:
    utils = importlib.import_module("comfy.utils")
    heard: list[Any] = []
    utils.set_progress_bar_global_hook(lambda value, total, preview, node_id: heard.append((value, total, node_id)))
    assert _progress(run_in_node(lambda: utils.ProgressBar(2, node_id="9").update(2))) == []
    assert heard == [(2, 2, "9")]


def test_a_progress_bar_outside_of_nodes_says_nothing(machine: LocalMachine) -> None:
    bar = importlib.import_module("comfy.utils").ProgressBar(2)
    bar.update(5)
    assert bar.current == 2


def test_progress_told_by_id_reaches_the_run(run_in_node: RunInNode) -> None:
    progress = importlib.import_module("comfy_execution.progress")

    def work() -> None:
        state = progress.get_progress_state()
        state.start_progress("7")
        state.update_progress("7", 3, 5)
        state.finish_progress("7")
        assert state.prompt_id == "p"
        assert state.nodes["7"]["state"] is progress.NodeState.Finished

    assert _progress(run_in_node(work)) == [("7", 3, 5)]


def _update() -> None:
    importlib.import_module("comfy.utils").ProgressBar(2).update(1)


def _throw() -> None:
    importlib.import_module("comfy.model_management").throw_exception_if_processing_interrupted()


def _before() -> None:
    importlib.import_module("nodes").before_node_execution()


@pytest.mark.parametrize("work", [_update, _throw, _before])
def test_a_cancelled_run_ends_a_node_through_whatever_catches_exceptions(
    run_in_node: RunInNode, work: Callable[[], None]
) -> None:
    asked = iter([False])
    reached: list[str] = []

    def guarded() -> None:
        try:
            work()
        except Exception:
            reached.append("swallowed")
        reached.append("went on")

    with pytest.raises(Cancelled):
        run_in_node(guarded, lambda: next(asked, True))
    assert reached == []


def test_a_pack_may_catch_the_interruption_by_its_name(run_in_node: RunInNode) -> None:
    management = importlib.import_module("comfy.model_management")
    asked = iter([False])
    caught: list[bool] = []

    def work() -> None:
        try:
            management.throw_exception_if_processing_interrupted()
        except management.InterruptProcessingException:
            caught.append(management.processing_interrupted())
            raise

    with pytest.raises(Cancelled):
        run_in_node(work, lambda: next(asked, True))
    assert caught == [True]


def test_a_node_may_end_the_run_itself(run_in_node: RunInNode) -> None:
    management = importlib.import_module("comfy.model_management")
    seen: list[bool] = []

    def work() -> None:
        seen.append(management.processing_interrupted())
        importlib.import_module("nodes").interrupt_processing()
        seen.append(management.processing_interrupted())

    with pytest.raises(Cancelled):
        run_in_node(work)
    assert seen == [False, True]


def test_an_interruption_may_be_taken_back(run_in_node: RunInNode) -> None:
    interrupt = importlib.import_module("nodes").interrupt_processing
    run_in_node(lambda: (interrupt(), interrupt(False)))


def test_outside_of_nodes_an_interruption_ends_the_job_that_runs(machine: LocalMachine, desk: Desk) -> None:
    importlib.import_module("nodes").interrupt_processing()
    assert desk.interrupts == 1


def test_the_context_says_which_node_of_which_prompt_runs(run_in_node: RunInNode) -> None:
    context = importlib.import_module("comfy_execution.utils").get_executing_context
    found: list[Any] = []
    run_in_node(lambda: found.append(context()))
    assert tuple(found[0]) == ("p", "7", 0)
    assert context() is None


def test_prefixes_of_graphs_begin_with_the_node_and_differ(run_in_node: RunInNode) -> None:
    utils = importlib.import_module("comfy_execution.graph_utils")
    made: list[str] = []
    run_in_node(lambda: made.extend(utils.GraphBuilder().node("A").id for _ in range(3)))
    assert len(set(made)) == 3
    assert all(node_id.startswith("7.0.") for node_id in made)
