"""What the editor costs in the browser: large workflows opened, moved and zoomed, beside the frames of an empty page.

    python bench/editor.py  # prints the table; exit code 1 if a figure is above its limit

Frames are means in one headless Chromium; the empty page's, measured in the same run, is what this machine can do at all.
Build web/ first (`make editor`).
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Response, sync_playwright
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.serving.browser import browser_path  # noqa: E402
from tests.serving.live_server import LiveServer, live_server  # noqa: E402
from tests.web.editor_page import EditorPage  # noqa: E402

SIZES = (1_000, 5_000)
FRAMES, WARM_UP = 120, 10
KB = 1_000
COLUMNS = 40
SIZE = {"width": 1600, "height": 900}
# Moves by the editor's own input: the wheel with Ctrl pans, without it zooms.
MEASURE = """async ([frames, warmUp, what]) => {
    const target = document.querySelector('[role=application]') ?? document.body;
    const at = {clientX: 800, clientY: 450, bubbles: true, cancelable: true};
    const steps = {
        rest: () => {},
        pan: (i) => target.dispatchEvent(new WheelEvent('wheel',
            {...at, ctrlKey: true, deltaX: i % 80 < 40 ? 40 : -40, deltaY: i % 60 < 30 ? 24 : -24})),
        zoom: (i) => target.dispatchEvent(new WheelEvent('wheel', {...at, deltaY: i % 60 < 30 ? -30 : 30})),
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


@dataclass(frozen=True)
class Row:
    """A figure with its limit and the same of an empty page (None: it has none)."""

    name: str
    value: float
    limit: float
    unit: str
    empty: float | None = None

    @property
    def is_good(self) -> bool:
        """Within the limit."""
        return self.value <= self.limit


def main() -> int:
    """Measure all and print the table."""
    with tempfile.TemporaryDirectory() as folder, live_server(Path(folder)) as server, sync_playwright() as playwright:
        server.wait_until_ready()
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce", locale="en")  # type: ignore[arg-type]
        page.set_default_timeout(120_000)
        empty = mean_frame_ms(page, "rest")
        rows = [first_load_row(page, server)]
        for count in SIZES:
            rows += rows_of(page, server, count, empty)
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


def rows_of(page: Page, server: LiveServer, count: int, empty: float) -> list[Row]:
    """Open a workflow of so many nodes, then move and zoom it near and far."""
    editor = EditorPage(page, server.url)
    editor.open()
    opened = float(page.evaluate(OPEN, [f"large-{count}.json", json.dumps(workflow(count)), f"{count} node"]))
    rows = [Row(f"{count:,} nodes: opened and drawn", opened / 1_000, 1.0 if count <= 1_000 else 4.0, "s")]
    rows += [frame_row(page, f"{count:,} nodes, all seen: {what}", what, empty) for what in ("pan", "zoom")]
    editor.canvas.focus()
    page.keyboard.press("Alt+0")
    page.wait_for_function("document.querySelectorAll('[data-node]').length > 0")
    return rows + [frame_row(page, f"{count:,} nodes at 100%: {what}", what, empty) for what in ("pan", "zoom")]


def frame_row(page: Page, name: str, what: str, empty: float) -> Row:
    """Return the mean frame while something goes on; the limit is one and a half of an empty page's."""
    return Row(name, mean_frame_ms(page, what), 1.5 * empty, "ms", empty)


def mean_frame_ms(page: Page, what: str) -> float:
    """Return the mean time from one frame to the next."""
    return float(page.evaluate(MEASURE, [FRAMES, WARM_UP, what]))


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
    table = Table("what", "here", "limit", "empty page", "of the empty page's")
    for row in rows:
        mark = "" if row.is_good else " ✗"
        empty = "" if row.empty is None else f"{row.empty:.3g} {row.unit}"
        share = "" if row.empty is None else f"{row.value / row.empty:.2f}"
        table.add_row(row.name, f"{row.value:.3g} {row.unit}{mark}", f"{row.limit:.3g} {row.unit}", empty, share)
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
