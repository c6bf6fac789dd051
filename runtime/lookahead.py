"""NextJob: what the job after this one will use of networks, for whoever decides what may go.

next_job = NextJob(studio)
studio.memory.outlook.look_ahead(next_job)
next_job.expect(ExpectJob("5f0c", payload=prompt))  # by any thread; it is planned when a decision asks for it
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from graph.errors import GraphError
from graph.formats import from_api, parse
from graph.horizon import Use
from graph.protocol import ExpectJob
from runtime.engine import Studio, file_content

logger = logging.getLogger(__name__)


class NextJob:
    """The job that is expected, and its uses once somebody asked."""

    def __init__(self, studio: Studio) -> None:
        glance = partial(file_content, studio.folders, studio.digests.glance)  # reading a file may wait for its own run
        self._engine = replace(studio.engine, file_digest=glance)
        self._scheduler = studio.scheduler
        self._running = ""
        self._expected: ExpectJob | None = None
        self._planned: ExpectJob | None = None
        self._uses: Sequence[Use] = ()

    def expect(self, job: ExpectJob) -> None:
        """Be told what is to come; the last word counts."""
        self._expected = job

    def begin(self, job_id: str) -> None:
        """Be told that a job runs: it is not the next one any more."""
        self._running = job_id

    def __call__(self) -> Sequence[Use]:
        """Return the uses of the next job, the same object while it stays the next; called by the thread of the runs."""
        job = self._expected
        if job is None or job.job_id == self._running:
            return ()
        if job is not self._planned:
            self._planned, self._uses = job, self._plan(job)
        return self._uses

    def _plan(self, job: ExpectJob) -> Sequence[Use]:
        try:
            plan = self._engine.plan(from_api(parse(job.payload)), job.outputs)
        except GraphError as error:  # its own run will say so
            logger.debug("The next job cannot be planned: %s", error)
            return ()
        return self._scheduler.uses(plan)
