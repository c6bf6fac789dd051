"""What a server may ask a worker at any time, also during a job: a table of names and functions.

QUESTIONS["stats"](studio, Ask(1, "stats"))  # {"pytorch_version": "2.13.0", "devices": […]}

They are answered by the thread that reads the link, so they touch nothing that a run changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import psutil
import torch

from diffusion.checkpoints.describe import describe
from graph.formats import from_api, parse
from graph.protocol import Answer, Ask
from graph.validate import validate
from runtime.devices import Device
from runtime.engine import Studio
from runtime.fresh_types import fresh_types
from runtime.metadata import read_embedded


def answer(studio: Studio, ask: Ask) -> Answer:
    """Return the answer to a question; it has a sentence in place of a value if there is none."""
    question = QUESTIONS.get(ask.what)
    if question is None:
        return Answer(ask.request_id, error=f'The worker knows no question "{ask.what}".')
    try:
        return Answer(ask.request_id, question(studio, ask))
    except Exception as error:
        return Answer(ask.request_id, error=str(error) or type(error).__name__)


def stats(studio: Studio, ask: Ask | None = None) -> dict[str, Any]:
    """Return versions and devices as ComfyUI's /system_stats has them."""
    return {"pytorch_version": torch.__version__, "devices": [device_stats(studio.device)]}


def device_stats(device: Device) -> dict[str, Any]:
    """Return a device's memory in bytes, with the part of it that torch has taken."""
    place = device.torch_device
    if place.type == "cuda":
        free, total = torch.cuda.mem_get_info(place)
        counts = torch.cuda.memory_stats(place)
        reserved = counts.get("reserved_bytes.all.current", 0)
        unused = reserved - counts.get("active_bytes.all.current", 0)
        torch_total, torch_free, free = reserved, unused, free + unused
    else:
        memory = psutil.virtual_memory()
        total = torch_total = memory.total
        free = torch_free = memory.available
    return {
        "name": f"{place} {device.name}" if place.type == "cuda" else place.type,
        "type": place.type,
        "index": place.index,
        "vram_total": total,
        "vram_free": free,
        "torch_vram_total": torch_total,
        "torch_vram_free": torch_free,
    }


def problems(studio: Studio, ask: Ask) -> list[dict[str, Any]]:
    """Validate the API document in the payload, with the validators of node packs.

    outputs: the nodes that are asked for; nodes: those whose problems are wanted; all if left out.
    """
    outputs, wanted = ask.arguments.get("outputs"), ask.arguments.get("nodes")
    found = validate(from_api(parse(ask.payload)), studio.registry, outputs, names=studio.names)
    return [
        {
            "kind": problem.kind,
            "message": problem.message,
            "node_id": problem.node_id,
            "input": problem.input,
            "details": dict(problem.details),
        }
        for problem in found
        if wanted is None or problem.node_id in wanted
    ]


def metadata(studio: Studio, ask: Ask) -> dict[str, Any]:
    """Return the documents in a picture: `name`, with " [output]" or " [temp]" behind it for other folders than input."""
    found = read_embedded(studio.folders.input_path(ask.arguments["name"]))
    return {"prompt": found.prompt, "workflow": found.workflow}


def model(studio: Studio, ask: Ask) -> dict[str, Any]:
    """Say what a file of models is, from its header: `name` among those of the kind `folder`."""
    return describe(studio.folders.find_model(ask.arguments["folder"], ask.arguments["name"])).document()


QUESTIONS: Mapping[str, Callable[[Studio, Ask], Any]] = {
    "stats": stats,
    "validate": problems,
    "metadata": metadata,
    "model": model,
    "fresh_types": fresh_types,
}
