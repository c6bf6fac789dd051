"""EventSender: what a job tells, many events in one frame, pictures of work in progress when there is time.

    sender = EventSender(link)
    sender.begin("5f0c", wants_previews=True)
    engine.run(workflow, emit=sender)
    sender.end(JobEnded("5f0c", "done"))  # after all events

A thread of its own sends what has gathered a few milliseconds after the first of it; of several pictures that wait,
the latest.
"""

from __future__ import annotations

import io
import logging
import threading
import time
from collections import deque
from dataclasses import replace
from typing import Any

from PIL import Image

from graph.event_document import write_event
from graph.events import Event, NodeFinished, Preview
from graph.protocol import JobEnded, JobEvents, PreviewImage, encode
from runtime.worker_link import Link

logger = logging.getLogger(__name__)

INTERVAL_S = 0.004  # a click is felt after some 20 ms; a graph of a thousand small nodes takes 50 frames
MOST_EVENTS = 1000  # in a frame
JPEG_QUALITY = 95  # ComfyUI's
PREVIEW_SIDE = 512
ENLARGED_SIDE = 256  # up to here small pictures are enlarged, so that editors need not show 64 pixels
CELL_PIXELS = 8  # what a latent's cell becomes in the picture


class EventSender:
    """Sends the events of one job after the other. It is called by the thread that runs jobs."""

    def __init__(self, link: Link, *, preview_side: int = PREVIEW_SIDE, interval_s: float = INTERVAL_S) -> None:
        self.ui: dict[str, Any] = {}  # what the workflow's own nodes have shown
        self._link = link
        self._preview_side = preview_side
        self._interval_s = interval_s
        self._job_id = ""
        self._wants_previews = False
        self._events: deque[list[Any]] = deque()
        self._preview: PreviewImage | None = None
        self._picture: Image.Image | None = None
        self._wake = threading.Event()
        self._order = threading.Lock()  # held from taking events to writing them, so that frames keep their order
        self._thread: threading.Thread | None = None

    def begin(self, job_id: str, *, wants_previews: bool) -> None:
        """Begin another job."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="event sender", daemon=True)
            self._thread.start()
        self._job_id, self._wants_previews = job_id, wants_previews
        self.ui = {}

    def __call__(self, event: Event) -> None:
        """Tell an event (graph.events.Emit)."""
        if type(event) is Preview:
            if self._wants_previews:
                self._show(event)
            return
        if type(event) is NodeFinished and event.ui and event.origin is None:
            self.ui[event.node_id] = event.ui
        self._events.append(write_event(event))
        if len(self._events) >= MOST_EVENTS:
            with self._order:
                self._link.write(self._frame())
        elif not self._wake.is_set():
            self._wake.set()

    def end(self, ended: JobEnded) -> None:
        """Tell that the job is over, after all that was told of it; a picture that waits is left out."""
        with self._order:
            self._preview = self._picture = None
            self._wants_previews = False
            self._link.write(self._frame() + encode(ended))

    def _show(self, event: Preview) -> None:
        """Let a picture wait, in place of one that does."""
        picture = event.image() if callable(event.image) else event.image
        origin = event.origin
        parent, display = (None, None) if origin is None else origin
        self._preview = PreviewImage(self._job_id, event.node_id, parent=parent, display=display)
        self._picture = picture
        self._wake.set()

    def _frame(self) -> bytes:
        """Return the frame of all events that wait; nothing if there are none."""
        events: list[list[Any]] = []
        while self._events:
            events.append(self._events.popleft())
        if not events:
            return b""
        return encode(JobEvents(self._job_id, tuple(events)))

    def _work(self) -> None:
        while True:
            self._wake.wait()
            time.sleep(self._interval_s)
            self._wake.clear()
            with self._order:
                preview, picture = self._preview, self._picture
                self._preview = self._picture = None
                self._link.write(self._frame())
            if preview is not None and picture is not None:
                self._send(preview, picture)

    def _send(self, preview: PreviewImage, picture: Image.Image) -> None:
        try:
            data = jpeg(picture, self._preview_side)
        except Exception as error:  # whatever a pack took for a picture
            logger.warning("A preview of node #%s cannot be shown: %r", preview.node_id, error)
            return
        with self._order:
            if self._wants_previews and self._job_id == preview.job_id:
                self._link.send(replace(preview, payload=data))


def jpeg(picture: Image.Image, side: int) -> bytes:
    """Return a picture as JPEG, its longer side at most `side`; one that shows a latent's cells as pixels is enlarged."""
    shown = picture.convert("RGB")
    times = min(CELL_PIXELS, min(side, ENLARGED_SIDE) // max(shown.size))
    if times > 1:
        shown = shown.resize((shown.width * times, shown.height * times), Image.Resampling.BICUBIC)
    shown.thumbnail((side, side), Image.Resampling.BILINEAR)
    data = io.BytesIO()
    shown.save(data, "JPEG", quality=JPEG_QUALITY)
    return data.getvalue()
