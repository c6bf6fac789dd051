"""Parts: what runs are made with. graph.execute.Engine says what each is for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph.cache import Cache
from graph.choices import File
from graph.keys import Key
from graph.plan import Scheduler, Specs
from graph.results import Result, nbytes_of
from graph.spec import NodeSpec
from graph.states import States
from graph.workflow import Workflow

OnRead = Callable[[str, int, int], None]
"""Is told of a file that takes long to read: its name, how many bytes are read, and of how many. May raise."""


class WatchedDigest(Protocol):
    """A graph.keys.FileDigest that tells how far it is."""

    def __call__(self, file: File, name: str, on_read: OnRead | None = None, /) -> Any:
        """Return what changes with a file's content."""
        ...


@dataclass(frozen=True)
class Parts:
    """What an engine lends to each of its runs."""

    registry: Specs
    cache: Cache
    nbytes: Callable[[Any], int]
    digest: Callable[[Any], bytes | None] | None = None
    file_digest: WatchedDigest | None = None
    resources: Mapping[type[Any], Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter
    states: States = field(default_factory=States)
    prepare: Callable[[Workflow], Workflow] | None = None
    scheduler: Scheduler | None = None

    def keep(self, key: Key, spec: NodeSpec, result: Result, seconds: float, also: Key | None = None) -> None:
        """Cache a result; what an output node did outside, writing files mostly, is for each process to do."""
        nbytes, is_durable = nbytes_of(result, self.nbytes), spec.is_durable and not spec.is_output
        self.cache.put(key, result, nbytes=nbytes, seconds=seconds, also=also, source=spec.name, is_durable=is_durable)
