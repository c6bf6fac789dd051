"""Which networks the nodes of a plan will use, known before anything runs: from links, file names and headers.

    uses = uses_of(survey, catalogue.find)
    uses["5"].blocks  # those of the U-Net that KSampler #5 will run

A node that is linked to a handle (MODEL, CLIP, VAE) and gives none of that type uses the network; one that gives the same
type (CLIP skip) passes it on, with a LoRA if it names one; one that names a file of models opens it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from diffusion.checkpoints.outline import Outline, read_clip_outline, read_model_outline, read_outline, read_vae_outline
from diffusion.errors import DiffusionError
from diffusion.lora import LoraFile, lora_patch, open_lora, targets_of
from diffusion.overlay import Overlay
from diffusion.quantize import Precisions
from files.folders import Folders
from graph.binding import Bound
from graph.choices import File
from graph.horizon import Use
from graph.memory import Block
from graph.plan import Survey
from graph.workflow import Link
from nodes.loaders import ON_CPU, WEIGHT_DTYPES
from runtime.networks import architecture_of, patched_name, words_of
from runtime.places import Layout, patched_layout, plain_layout
from runtime.precision import kept_as
from runtime.workspace import Workspaces, need_of

logger = logging.getLogger(__name__)

CARRIERS = {"GUIDER": "MODEL"}  # values that hold a handle
NETWORKS = {"MODEL": "model", "CLIP": "clip", "VAE": "vae"}
OPENED = {
    "checkpoints": read_outline,
    "diffusion_models": read_model_outline,
    "text_encoders": read_clip_outline,
    "vae": read_vae_outline,
}
LORAS = "loras"
MOST_LAYOUTS = 64  # with LoRAs that are remembered; each strength makes another
USUAL_STEPS = 20  # where the number of steps is not a literal
USUAL_WEIGHTS = "default"  # of UNETLoader's weight_dtype


class Lora(NamedTuple):
    """A LoRA file, and how much of it counts."""

    file: str
    strength: float


class Origin(NamedTuple):
    """A network of some files of models, and the LoRAs that it goes through.

    files: several where text encoders come in a file each. kept: how a loader says that the weights are kept. on_cpu: a
    loader says that it is to compute on the processor.
    """

    folder: str
    files: tuple[str, ...]
    network: str
    loras: tuple[Lora, ...] = ()
    kept: str = USUAL_WEIGHTS
    on_cpu: bool = False


class Usage(NamedTuple):
    """What one operation on a network needs."""

    blocks: tuple[Block, ...]
    workspace_bytes: int


Find = Callable[[Origin, str], Usage | None]
"""What an operation on a network needs; None if it is not known."""


def uses_of(survey: Survey, find: Find) -> Mapping[str, Use]:
    """Return what each node uses that uses networks."""
    origins: dict[Link, Origin] = {}
    uses: dict[str, Use] = {}
    for node_id in survey.order:
        bound = survey.bound[node_id]
        taken = dict(_taken(bound, survey, origins))
        origins |= dict(_given(bound, taken))
        found = [find(origin, _operation(kind, bound)) for kind, origin in taken.items() if not _gives(bound, kind)]
        usages = [usage for usage in found if usage is not None]
        if usages:
            blocks = tuple(block for usage in usages for block in usage.blocks)
            steps = bound.inputs.get("steps", USUAL_STEPS) if "MODEL" in taken else 1
            passes = steps if isinstance(steps, int) else USUAL_STEPS
            uses[node_id] = Use(node_id, blocks, max(usage.workspace_bytes for usage in usages), passes)
    return uses


def lora_count(survey: Survey) -> int:
    """Return how many nodes name LoRAs."""
    return sum(any(True for _ in _loras(bound, "")) for bound in survey.bound.values())


def files_of(survey: Survey) -> set[tuple[str, str]]:
    """Return the folders and names of the model files that nodes name."""
    return {(folder, name) for bound in survey.bound.values() for folder, name in _files(bound)}


def _files(bound: Bound) -> Iterator[tuple[str, str]]:
    for socket in bound.spec.inputs:
        value = bound.inputs.get(socket.name)
        if isinstance(socket.widget, File) and socket.widget.kind in OPENED and isinstance(value, str):
            yield socket.widget.kind, value


def _taken(bound: Bound, survey: Survey, origins: Mapping[Link, Origin]) -> Iterator[tuple[str, Origin]]:
    for value in reversed(list(bound.inputs.values())):  # of several of a type, the first counts
        if isinstance(value, Link):
            kind = _kind(survey.bound[value.node_id].spec.outputs[value.output].type.name)
            if kind in NETWORKS and value in origins:
                yield kind, origins[value]


def _given(bound: Bound, taken: Mapping[str, Origin]) -> Iterator[tuple[Link, Origin]]:
    named = list(_files(bound))
    files = tuple(name for folder, name in named if folder == named[0][0])
    kept = bound.inputs.get("weight_dtype")
    for index, output in enumerate(bound.spec.outputs):
        kind = _kind(output.type.name)
        if kind in taken:
            passed = taken[kind]
            yield Link(bound.node.id, index), passed._replace(loras=(*passed.loras, *_loras(bound, passed.network)))
        elif kind in NETWORKS and files:
            origin = Origin(named[0][0], files, NETWORKS[kind], on_cpu=bound.inputs.get("device") == ON_CPU)
            yield Link(bound.node.id, index), origin._replace(kept=kept) if isinstance(kept, str) else origin


def _loras(bound: Bound, network: str) -> Iterator[Lora]:
    """Yield the LoRAs that a node lays over a network; those whose strength is no literal count whole."""
    for socket in bound.spec.inputs:
        value = bound.inputs.get(socket.name)
        if isinstance(socket.widget, File) and socket.widget.kind == LORAS and isinstance(value, str):
            strength = bound.inputs.get(f"strength_{network}", 0.0)
            yield Lora(value, float(strength) if isinstance(strength, int | float) else 1.0)


def _gives(bound: Bound, kind: str) -> bool:
    return any(_kind(output.type.name) == kind for output in bound.spec.outputs)


def _kind(type_name: str) -> str:
    """Return the handle that a value of a type is or holds."""
    return CARRIERS.get(type_name, type_name)


def _operation(kind: str, bound: Bound) -> str:
    if kind == "VAE":
        return "decode" if _gives(bound, "IMAGE") else "encode"
    return {"MODEL": "denoise", "CLIP": "encode text"}[kind]


class _Parts(NamedTuple):
    outline: Outline
    layout: Layout


def _with_loras(parts: _Parts, loras: Iterable[tuple[LoraFile, Lora]]) -> Layout:
    outline = parts.outline
    targets = targets_of(outline.family, outline.kind, outline.module)
    found = [lora_patch(file, targets, lora.strength) for file, lora in loras]
    patches = [patch for patch in found if patch is not None]
    overlay = Overlay(outline.module, patches, outline.precision.computed)
    name = patched_name(outline.digest, overlay.digest)
    return patched_layout(outline.module, parts.layout, overlay, name, outline.precision) if patches else parts.layout


@dataclass
class Catalogue:
    """The sizes of networks in the model folders, from headers; each file is looked at once while it stays the same.

    has_bfloat16: see runtime.precision.choose. has_processor: the processor computes beside the device, whose memory does not
    hold what lies there. cpu_vae: VAEs do.
    """

    folders: Folders
    precisions: Precisions
    workspaces: Workspaces
    tables_on_device: bool = False
    has_bfloat16: bool = True
    has_processor: bool = False
    cpu_vae: bool = False
    _known: dict[tuple[str, Path, int, int, str], Mapping[str, tuple[_Parts, ...]]] = field(
        default_factory=dict, repr=False
    )
    _with_loras: dict[Any, Layout] = field(default_factory=dict, repr=False)

    def find(self, origin: Origin, operation: str) -> Usage | None:
        """Return what an operation needs of the device; None if a file is not there or no model (running it says why)."""
        if self.has_processor and (origin.on_cpu or (self.cpu_vae and origin.network == NETWORKS["VAE"])):
            return None
        try:
            usages = [
                self._usage(parts.outline, self._patched(parts, origin), operation)
                for file in origin.files
                for parts in self._open(origin, file).get(origin.network, ())
            ]
        except (DiffusionError, OSError, ValueError) as error:
            logger.debug("%s: sizes unknown: %s", ", ".join(origin.files), error)
            return None
        if not usages:
            return None
        blocks = tuple(block for usage in usages for block in usage.blocks)
        return Usage(blocks, max(usage.workspace_bytes for usage in usages))

    def file_bytes(self, folder: str, name: str) -> int:
        """Return the size of a file of models; 0 if it is not there."""
        try:
            return self.folders.find_model(folder, name).stat().st_size
        except (OSError, ValueError):
            return 0

    def _usage(self, outline: Outline, layout: Layout, operation: str) -> Usage:
        need = need_of(architecture_of(outline.module), operation, words_of(outline.precision), ())
        return Usage(layout.needed_by(operation), self.workspaces.largest(need) or 0)

    def _open(self, origin: Origin, file: str) -> Mapping[str, tuple[_Parts, ...]]:
        path = self.folders.find_model(origin.folder, file)
        status = path.stat()
        key = (origin.folder, path, status.st_size, status.st_mtime_ns, origin.kept)
        if key not in self._known:
            unet = kept_as(self.precisions.unet, WEIGHT_DTYPES.get(origin.kept), has_bfloat16=self.has_bfloat16)
            outlines = OPENED[origin.folder](path, self.precisions._replace(unet=unet))
            self._known[key] = {
                network: tuple(_Parts(outline, self._laid_out(outline)) for outline in each)
                for network, each in outlines.items()
            }
        return self._known[key]

    def _patched(self, parts: _Parts, origin: Origin) -> Layout:
        """Return the blocks of a network with its LoRAs, as the network will have them."""
        paths = [self.folders.find_model(LORAS, lora.file) for lora in origin.loras]
        stamps = [(path, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
        key = (parts.outline.digest, origin.loras, tuple(stamps))
        if origin.loras and key not in self._with_loras:
            if len(self._with_loras) >= MOST_LAYOUTS:
                self._with_loras.clear()
            opened = [(open_lora(path), lora) for path, lora in zip(paths, origin.loras, strict=True)]
            self._with_loras[key] = _with_loras(parts, opened)
        return self._with_loras[key] if origin.loras else parts.layout

    def _laid_out(self, outline: Outline) -> Layout:
        stored = outline.precision.stored
        return plain_layout(outline.module, outline.digest, stored, tables_on_device=self.tables_on_device)
