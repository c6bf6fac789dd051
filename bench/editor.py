"""What the editor costs in the browser: large workflows opened, moved and zoomed, beside the frames of an empty page.

    python bench/editor.py  # prints the table; exit code 1 if a figure is above its limit

A frame's time is the mean from one to the next in one headless Chromium, which draws without a GPU; the empty page's,
measured in turn with the editor's, is what this machine can do at all. Shown is the median of several rounds. Where
other programs run, frames wait for them: the CPU column says what a frame costs in any case, over all threads of all
of the browser's processes (the page, the compositor, rasterising, drawing the window).
Build web/ first (`make editor`).
"""

from __future__ import annotations

import gzip
import json
import os
import re
import statistics
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving.browser import browser_path  # noqa: E402
from tests.serving.live_server import LiveServer, live_server  # noqa: E402
from tests.web.editor_page import EditorPage  # noqa: E402

SIZES = (1_000, 5_000)
FRAMES, WARM_UP = 110, 10  # together one way there and back
ROUNDS = 3
ZOOMS = {"69%": ("Alt+0", "Alt+-", "Alt+-"), "100%": ("Alt+0",)}
REST_MS = 600.0  # until the editor has drawn what rests
KB = 1_000
COLUMNS = 40
SIZE = {"width": 1600, "height": 900}
# Moves by the editor's own input: the wheel zooms, and moves when it turns sideways too. Ways lead back to their start.
MEASURE = """async ([frames, warmUp, what]) => {
    const target = document.querySelector('[role=application]') ?? document.body;
    const at = {clientX: 800, clientY: 450, bubbles: true, cancelable: true};
    const turn = (delta) => target.dispatchEvent(new WheelEvent('wheel', {...at, ...delta}));
    const steps = {
        rest: () => {},
        pan: (i) => turn({deltaX: i % 120 < 60 ? 40 : -40, deltaY: (i + 30) % 120 < 60 ? 24 : -24}),
        zoom: (i) => turn({deltaY: i % 60 < 30 ? -30 : 30}),
    };
    const gaps = [];
    let last = performance.now();
    for (let i = 0; i < frames + warmUp; i += 1) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        if (i >= warmUp) gaps.push(now - last);
        last = now;
        steps[what](i);
    }
    return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
}"""
OPEN = """async ([name, text, count]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    const status = document.querySelector('footer');
    const begin = performance.now();
    document.querySelector('[role=application]')
        .dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
    while (!status.textContent.includes(count)) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return performance.now() - begin;
}"""


class Frames(NamedTuple):
    """What a frame takes, in the mean of a round or the median of several."""

    ms: float
    cpu_ms: float


@dataclass(frozen=True)
class Row:
    """A figure with its limit; those of frames also with CPU time and with the empty page's."""

    name: str
    value: float
    limit: float
    unit: str
    cpu_ms: float | None = None
    empty: Frames | None = None

    @property
    def is_good(self) -> bool:
        """Within the limit."""
        return self.value <= self.limit


class Bench:
    """A browser with the editor in one tab and nothing in the other."""

    def __init__(self, browser: Browser, server: LiveServer) -> None:
        self.server = server
        self.page = browser.new_page(viewport=SIZE, reduced_motion="reduce", locale="en")  # type: ignore[arg-type]
        self.page.set_default_timeout(120_000)
        self.empty = browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        self.process = browser_process()

    def rows_of_moves(self, name: str) -> list[Row]:
        """Move and zoom what is seen now; the limit is one and a half of an empty page's frame."""
        rounds: dict[str, list[Frames]] = {"rest": [], "pan": [], "zoom": []}
        for _ in range(ROUNDS):
            rounds["rest"].append(self._frames(self.empty, "rest"))
            for what in ("pan", "zoom"):
                rounds[what].append(self._frames(self.page, what))
        empty, pan, zoom = (median(found) for found in rounds.values())
        return [
            Row(f"{name}: {what}", found.ms, 1.5 * empty.ms, "ms", found.cpu_ms, empty)
            for what, found in (("pan", pan), ("zoom", zoom))
        ]

    def _frames(self, page: Page, what: str) -> Frames:
        page.bring_to_front()
        page.wait_for_timeout(REST_MS)
        before = self._cpu_s()
        mean_ms = float(page.evaluate(MEASURE, [FRAMES, WARM_UP, what]))
        return Frames(mean_ms, (self._cpu_s() - before) * 1_000 / (FRAMES + WARM_UP))

    def _cpu_s(self) -> float:
        """Return the CPU time of all of the browser's processes since they began."""
        times = []
        for process in (self.process, *self.process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):  # one that just ended
                times.append(process.cpu_times())
        return sum(time.user + time.system for time in times)


def browser_process() -> psutil.Process:
    """Return the process that started all others of the browser."""
    children = psutil.Process().children(recursive=True)
    found = [process for process in children if "chrom" in process.name().lower()]
    return next(process for process in found if process.parent() not in found)


def median(rounds: list[Frames]) -> Frames:
    """Return the median of each figure."""
    return Frames(*(statistics.median(figures) for figures in zip(*rounds, strict=True)))


def main() -> int:
    """Measure all and print the table."""
    expect.set_options(timeout=120_000)
    with tempfile.TemporaryDirectory() as folder, live_server(Path(folder)) as server, sync_playwright() as playwright:
        server.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        bench = Bench(browser, server)
        rows = [first_load_row(bench.page, server)]
        for count in SIZES:
            rows += rows_of(bench, count)
        browser.close()
    show(rows)
    return 0 if all(row.is_good for row in rows) else 1


def first_load_row(page: Page, server: LiveServer) -> Row:
    """Return how much JavaScript and CSS is fetched until the editor can be used, as gzip packs it."""
    fetched: dict[str, int] = {}

    def count(response: Response) -> None:
        if re.search(r"\.(js|css)$", response.url):
            fetched[response.url] = len(gzip.compress(response.body()))

    page.on("response", count)
    EditorPage(page, server.url).open()
    page.remove_listener("response", count)
    return Row("first load, JS and CSS, gzip", sum(fetched.values()) / KB, 250, "KB")


def rows_of(bench: Bench, count: int) -> list[Row]:
    """Open a workflow of so many nodes, then move and zoom it as a whole, in the middle and near."""
    page = bench.page
    editor = EditorPage(page, bench.server.url)
    page.bring_to_front()
    editor.open()
    opened = float(page.evaluate(OPEN, [f"large-{count}.json", json.dumps(workflow(count)), f"{count} node"]))
    rows = [Row(f"{count:,} nodes: opened and drawn", opened / 1_000, 1.0, "s")]
    rows += bench.rows_of_moves(f"{count:,} nodes, all seen")
    for zoom, keys in ZOOMS.items():
        page.bring_to_front()
        editor.canvas.focus()
        for key in keys:
            page.keyboard.press(key)
        expect(page.get_by_role("contentinfo")).to_contain_text(zoom)
        page.wait_for_function("document.querySelectorAll('[data-node]').length > 0")
        rows += bench.rows_of_moves(f"{count:,} nodes at {zoom}")
    return rows


def workflow(count: int) -> dict[str, Any]:
    """Return a document of samplers in rows, each linked to the one before; each has more than four widgets."""
    nodes, links = [], []
    for number in range(1, count + 1):
        column, row = (number - 1) % COLUMNS, (number - 1) // COLUMNS
        if column > 0:
            links.append([number, number - 1, 0, number, 3, "LATENT"])
        follows = column < COLUMNS - 1 and number < count
        nodes.append(sampler(number, [column * 340, row * 360], column > 0, follows))
    return {"last_node_id": count, "last_link_id": count, "nodes": nodes, "links": links, "groups": [], "version": 0.4}


def sampler(number: int, place: list[int], has_input: bool, has_output: bool) -> dict[str, Any]:
    """Return a KSampler of a document."""
    types = {"model": "MODEL", "positive": "CONDITIONING", "negative": "CONDITIONING", "latent_image": "LATENT"}
    inputs: list[dict[str, Any]] = [{"name": name, "type": type_, "link": None} for name, type_ in types.items()]
    inputs[3]["link"] = number if has_input else None
    outputs = [{"name": "LATENT", "type": "LATENT", "links": [number + 1] if has_output else []}]
    kind = {"id": number, "type": "KSampler", "pos": place, "size": [300, 262], "flags": {}, "order": number, "mode": 0}
    values = [number, "fixed", 20, 7.0, "euler", "normal", 1.0]
    return {**kind, "inputs": inputs, "outputs": outputs, "properties": {}, "widgets_values": values}


def show(rows: list[Row]) -> None:
    """Print the table."""
    table = Table("what", "here", "limit", "empty page", "of the empty page's", "CPU a frame", "empty page's")
    for row in rows:
        mark = "" if row.is_good else " ✗"
        empty = (
            ("", "", "")
            if row.empty is None
            else (f"{row.empty.ms:.3g} {row.unit}", f"{row.value / row.empty.ms:.2f}", f"{row.empty.cpu_ms:.1f} ms")
        )
        cpu = "" if row.cpu_ms is None else f"{row.cpu_ms:.1f} ms"
        here, limit = f"{row.value:.3g} {row.unit}{mark}", f"{row.limit:.3g} {row.unit}"
        table.add_row(row.name, here, limit, empty[0], empty[1], cpu, empty[2])
    console = Console(width=140)
    console.print(table)
    load, cores = os.getloadavg()[0], os.cpu_count()
    console.print(f"The machine's load in the last minute is {load:.1f}, it has {cores} cores.")


if __name__ == "__main__":
    sys.exit(main())
