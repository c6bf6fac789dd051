"""Parts: what runs are made with. graph.execute.Engine says what each is for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.cache import MemoryCache
from graph.keys import FileDigest
from graph.plan import Specs
from graph.states import States


@dataclass(frozen=True)
class Parts:
    """What an engine lends to each of its runs."""

    registry: Specs
    cache: MemoryCache
    nbytes: Callable[[Any], int]
    digest: Callable[[Any], bytes | None] | None = None
    file_digest: FileDigest | None = None
    resources: Mapping[type[Any], Any] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter
    states: States = field(default_factory=States)
