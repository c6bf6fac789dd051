"""The queue is steered from its panel: paused, put into another order, jobs taken out; what is left runs in that order."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.serving.live_server import LiveServer
from tests.web.editor_page import EditorPage


def test_the_queue_is_paused_reordered_and_thinned_from_its_panel(
    editor: EditorPage, server: LiveServer, tmp_path: Path
) -> None:
    panel = editor.panel("Queue")
    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_contain_text("The queue is paused")
    marks = tmp_path / "marks"
    jobs = [server.queue(marking(marks, nodes)) for nodes in (1, 2, 3)]
    waiting = panel.get_by_role("list", name="Waiting: 3 jobs").get_by_role("listitem")
    expect(waiting).to_have_count(3)
    expect(waiting.nth(0)).to_contain_text("1 node")

    waiting.nth(2).focus()
    editor.page.keyboard.press("Alt+ArrowUp")
    expect(waiting.nth(1)).to_contain_text("3 nodes")
    editor.page.keyboard.press("Alt+ArrowUp")
    expect(waiting.nth(0)).to_contain_text("3 nodes")
    waiting.nth(1).get_by_role("button", name="Cancel").click()
    expect(panel.get_by_role("list", name="Waiting: 2 jobs")).to_be_visible()

    panel.get_by_role("button", name="Resume").click()
    for job in (jobs[1], jobs[2]):
        assert server.wait_until_over(job)["status"]["status_str"] == "success"
    assert marks.read_text().split() == ["3", "3", "3", "2", "2"]
    expect(panel.get_by_role("list", name="Waiting")).to_have_count(0)
    expect(panel.get_by_text("Done").first).to_be_visible()


def marking(path: Path, nodes: int) -> dict[str, object]:
    """Return a workflow whose nodes write how many they are into a file."""
    inputs = {"path": str(path), "text": str(nodes)}
    return {str(number): {"class_type": "Mark", "inputs": inputs} for number in range(1, nodes + 1)}
