"""Readers: which results of a run may still be read, and by how many.

    readers = Readers(plan.expected, survey, running=tasks)
    readers.settle("7")  # ("4", "6"): node 7 ran, and nothing will read these any more

A node that runs reads what it links to, in the end also what it may never ask for: lazy inputs. When the last node that
might have asked for one is done, the nodes behind it will not run, and do not read either. Nodes that expand may link
to anything; while one of them is still to come, or runs, all results are held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from graph.binding import links_of
from graph.plan import Expected, Survey


class Readers:
    """Counts of readers by node id, for one run. `running`: the nodes that have begun and are not done."""

    def __init__(self, expected: Expected, survey: Survey, running: Collection[str]) -> None:
        self.settled: set[str] = set()  # ran, or never will
        self._counts = Counter(expected.readers)
        self._may_run = expected.may_run
        self._expanders = set(expected.expanders)
        self._bound, self._twins = survey.bound, survey.twins
        self._running = running
        self._holds = 0
        self.holds_all = bool(self._expanders)  # whether nobody can tell what will be read

    def has(self, node_id: str) -> bool:
        """Return whether a node's result is to be held."""
        return self._counts[node_id] > 0 or self.holds_all

    def settle(self, node_id: str) -> list[str]:
        """Take note that a node ran; return those whose results nothing will read any more."""
        unread: list[str] = []
        waiting = [node_id]
        counts, settled, first = self._counts, self.settled, self._twins.get
        for found in waiting:  # grows
            if found in settled or found not in self._may_run:
                continue
            settled.add(found)
            for link in links_of(self._bound[found]):
                source = first(link.node_id, link.node_id)
                left = counts[source] = counts[source] - 1
                if not left:
                    unread.append(source)
                    if source not in settled and source not in self._running:
                        waiting.append(source)
        if self._expanders:
            self._expanders.difference_update(waiting)
            self.holds_all = bool(self._holds or self._expanders)
        return unread

    def expect(self, node_ids: Iterable[str]) -> None:
        """Take note of nodes that are going to run; all is held from now on if some run again, or were not expected."""
        known = self._bound
        if any(id_ in known and (id_ in self.settled or id_ not in self._may_run) for id_ in node_ids):
            self.hold_all()

    def hold_all(self) -> None:
        """Hold all results, until as many `hold_no_more` calls have been made."""
        self._holds += 1
        self.holds_all = True

    def hold_no_more(self) -> None:
        """Take back one `hold_all`."""
        self._holds -= 1
        self.holds_all = bool(self._holds or self._expanders)
