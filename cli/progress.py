"""Show a run in the terminal: one line a node, a bar for steps with speed and time left."""

from __future__ import annotations

from rich.console import Console
from rich.progress import ProgressColumn, Task, TaskID
from rich.progress import TimeRemainingColumn as TimeLeft
from rich.text import Text

from cli.bars import Bars
from graph.events import Event, FileRead, NodeBlocked, NodeCached, NodeFailed, NodeFinished, NodeStarted, RunStarted
from graph.events import Progress as NodeProgress
from graph.workflow import Workflow

MB = 10**6


class Speed(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        """Return the speed, once it is known."""
        return Text(f"{task.speed:.1f} it/s" if task.speed else "")


class RunDisplay(Bars):
    """Draws the events of one run. Use it as `emit` inside its `with` block."""

    def __init__(self, workflow: Workflow, console: Console) -> None:
        super().__init__(console, Speed(), TimeLeft())
        self._workflow = workflow
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, event: Event) -> None:
        """Draw an event."""
        match event:
            case FileRead():
                self._read(event)
            case RunStarted():
                self._say(f"{len(event.steps)} nodes to run, {len(event.cached)} kept from before")
            case NodeStarted():
                self._tasks[event.node_id] = self.bars.add_task(self._label(event.node_id), total=None)
            case NodeProgress():
                self.bars.update(self._tasks[event.node_id], completed=event.value, total=event.total)
            case NodeCached():
                self._say(f"{self._label(event.node_id)}: kept")
            case NodeBlocked() if event.calls == event.total:
                self._end(event.node_id, "stopped")
                self._say(f"{self._label(event.node_id)}: does not run{f': {event.message}' if event.message else ''}")
            case NodeBlocked():
                self._say(
                    f"{self._label(event.node_id)}: {event.calls} of {event.total} left out {event.message}".rstrip()
                )
            case NodeFinished():
                self._end(event.node_id, f"{event.seconds:.2f} s")
            case NodeFailed():
                self._end(event.node_id, "failed")

    def _read(self, event: FileRead) -> None:
        """Draw how far a file is read, in MB; the bar goes when it is."""
        if event.name not in self._tasks:
            self._tasks[event.name] = self.bars.add_task(f"Reading {event.name}", total=event.total // MB)
        self.bars.update(self._tasks[event.name], completed=event.value // MB)
        if event.value >= event.total:
            self.bars.remove_task(self._tasks.pop(event.name))

    def _end(self, node_id: str, text: str) -> None:
        task = self._tasks.pop(node_id, None)
        if task is not None:
            self.bars.remove_task(task)
            self._say(f"{self._label(node_id)}: {text}")

    def _label(self, node_id: str) -> str:
        node = self._workflow.nodes.get(node_id)
        return node.label if node else node_id

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)
