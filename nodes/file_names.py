"""Names of saved files: what a prefix means, and the first number that is free.

plan_save(Path("output"), "red/house %width%", 128, 128, type="output", now=datetime.now())
# SavePath(folder=output/red, stem="house 128", counter=1, subfolder="red", type="output")
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from graph.formats import to_api
from graph.formats.widget_slots import SpecOf
from graph.widgets import FilePrefix, leads_up
from graph.workflow import Workflow
from nodes.host import SavePath

_DATE_TOKEN = re.compile(r"yyyy|yy|MM|M|dd|d|hh|h|mm|m|ss|s")
_NODE_VALUE = re.compile(r"%([^%]+)\.([^%.]+)%")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FORBIDDEN = re.compile(r'[<>:"|?*\\/\x00-\x1f]')


def plan_save(root: Path, prefix: str, width: int, height: int, *, type: str, now: datetime) -> SavePath:
    """Return where the next file of `prefix` goes below `root`; ValueError for a prefix that leaves it."""
    text = _CONTROL.sub("_", _expand_time_and_size(prefix, width, height, now)).replace("\\", "/")
    expanded = Path(text)
    folder = (root / expanded.parent).resolve()
    if leads_up(text) or not folder.is_relative_to(root.resolve()):
        raise ValueError(f'filename_prefix "{prefix}" leads outside {root}; use a name below that folder.')
    subfolder = folder.relative_to(root.resolve()).as_posix()
    stem = expanded.name or "Weft"
    return SavePath(folder, stem, _next_counter(folder, stem), "" if subfolder == "." else subfolder, type)


def expand_node_values(prefix: str, prompt: Mapping[str, Any]) -> str:
    """Replace each `%node.input%` by that input's literal; the node is named by title, type or id."""

    def value_of(match: re.Match[str]) -> str:
        value = _node_value(prompt, match[1], match[2])
        return match[0] if value is None else _FORBIDDEN.sub("_", str(value))

    return _NODE_VALUE.sub(value_of, prefix)


def with_expanded_prefixes(workflow: Workflow, spec_of: SpecOf, now: datetime) -> Workflow:
    """Replace `%node.input%` and `%date:…%` in the prefixes of saved files, as ComfyUI's editor does before a run.

    So the name under which a picture is saved is a part of its key.
    """
    texts = [node for node in workflow.nodes.values() if any("%" in str(value) for value in node.inputs.values())]
    prompt = to_api(workflow) if texts else {}
    for node in texts:
        spec = spec_of(node.type)
        for socket in spec.for_inputs(node.inputs).inputs if spec is not None else ():
            value = node.inputs.get(socket.name)
            if isinstance(socket.widget, FilePrefix) and isinstance(value, str):
                expanded = _expand_date(expand_node_values(value, prompt), now)
                workflow = workflow.with_input(node.id, socket.name, expanded)
    return workflow


def free_names(place: SavePath, index: int, counters: Iterator[int], ending: str) -> Iterator[str]:
    """Yield names that no file has; the place's counter does not know what `%batch_num%` stands for."""
    stem = place.stem.replace("%batch_num%", str(index))
    names = (f"{stem}_{counter:05}{ending}" for counter in counters)
    return (name for name in names if not os.path.lexists(place.folder / name))


def temporary_prefix() -> str:
    """Return a prefix that no earlier run has used, for browsers keep what an address once gave."""
    return f"ComfyUI_temp_{secrets.token_hex(4)}"


def _node_value(prompt: Mapping[str, Any], name: str, input_name: str) -> Any:
    for node_id, node in prompt.items():
        title = node.get("_meta", {}).get("title")
        value = node.get("inputs", {}).get(input_name)
        if name in (node_id, title, node.get("class_type")) and not isinstance(value, list | dict):
            return value
    return None


def _expand_time_and_size(prefix: str, width: int, height: int, now: datetime) -> str:
    simple = {
        "width": str(width),
        "height": str(height),
        "year": f"{now:%Y}",
        "month": f"{now:%m}",
        "day": f"{now:%d}",
        "hour": f"{now:%H}",
        "minute": f"{now:%M}",
        "second": f"{now:%S}",
        "date": f"{now:%Y-%m-%d}",
    }
    for name, text in simple.items():
        prefix = prefix.replace(f"%{name}%", text)
    return _expand_date(prefix, now)


def _expand_date(prefix: str, now: datetime) -> str:
    return re.sub(r"%date:([^%]*)%", lambda match: format_date(match[1], now), prefix)


def format_date(pattern: str, now: datetime) -> str:
    """Write a moment as `yyyy-MM-dd hh:mm:ss` patterns ask, in letters that file names may hold."""
    parts = {"y": now.year, "M": now.month, "d": now.day, "h": now.hour, "m": now.minute, "s": now.second}

    def part(match: re.Match[str]) -> str:
        token = match[0]
        return str(parts[token[0]]).zfill(len(token))[-len(token) if token == "yy" else 0 :]

    return _FORBIDDEN.sub("_", _DATE_TOKEN.sub(part, pattern))


def _next_counter(folder: Path, stem: str) -> int:
    """Return one more than the highest number of `stem_00001_…` files in the folder."""
    pattern = re.compile(re.escape(stem) + r"_(\d+)", re.IGNORECASE)
    names = os.listdir(folder) if os.path.isdir(folder) else ()  # isdir: False for names that cannot be
    return 1 + max((int(match[1]) for name in names if (match := pattern.match(name))), default=0)
