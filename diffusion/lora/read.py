"""From a LoRA file to changes of a model's and a text encoder's tensors.

lora = open_lora(path)
changes = read_changes(lora, Targets("sd1", model.backbone, {"l": clip.encoder}))
changes.model, changes.text["l"], changes.unknown
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from diffusion.checkpoints.fill import open_weights
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.original import ORIGINAL
from diffusion.checkpoints.source import file_digest
from diffusion.errors import CheckpointError
from diffusion.lora import entry as common
from diffusion.lora.changes import Additive, Misfit, Replacement
from diffusion.lora.entry import Entry
from diffusion.lora.forms import hadamard, kronecker, low_rank, plain
from diffusion.lora.names import names_for
from diffusion.lora.shares import Names, share_of, whole_shape
from diffusion.lora.targets import (
    FAMILY_WORDS,
    SEVERAL_TEXTS,
    TEXT_BEGINNINGS,
    WEIGHT,
    other_family,
    text_aliases,
)

Change = Additive | Replacement
FORMS: tuple[Callable[[Entry], Change | None], ...] = (low_rank.read, hadamard.read, kronecker.read, plain.read)
SUFFIXES = sorted(
    (*common.SUFFIXES, *low_rank.SUFFIXES, *hadamard.SUFFIXES, *kronecker.SUFFIXES, *plain.SUFFIXES),
    key=len,
    reverse=True,
)
BIAS = ".bias"
BACKBONE = ""  # beside the kinds of text encoders

Changes = Mapping[str, Change]


@dataclass(frozen=True)
class LoraFile:
    """The tensors of a file, mapped into memory, and what tells them."""

    name: str
    tensors: Mapping[str, Tensor]
    digest: str


class Targets(NamedTuple):
    """The networks that a file is to change, and the family of models that they belong to.

    backbone: None if it is not to be changed. encoders: the text encoders by kind.
    """

    family: str
    backbone: nn.Module | None
    encoders: Mapping[str, nn.Module]


class LoraChanges(NamedTuple):
    """What a file does to the backbone and, by kind, to text encoders; and the keys that mean nothing here."""

    model: Changes
    text: Mapping[str, Changes]
    unknown: tuple[str, ...]


class _Key(NamedTuple):
    """A key of a file, taken apart."""

    target: str
    suffix: str


def open_lora(path: Path) -> LoraFile:
    """Open a LoRA file; CheckpointError if it is no safetensors file."""
    header = read_header(path)
    weights = open_weights(header)
    return LoraFile(path.name, {key: weights.get(key) for key in header.tensors}, file_digest(header, None))


def read_changes(lora: LoraFile, targets: Targets) -> LoraChanges:
    """Find what a file changes; CheckpointError if it is made for another family of models.

    Keys for a network that was not given are left out without a word. The networks may be without weights.
    """
    backbone, encoders = targets.backbone, targets.encoders
    is_alone = len(encoders) == 1 and targets.family not in SEVERAL_TEXTS
    networks: dict[str, tuple[Names, nn.Module]] = {
        kind: (Names(text_aliases(kind, encoder, is_alone=is_alone)), encoder) for kind, encoder in encoders.items()
    }
    if backbone is not None:
        networks[BACKBONE] = (_backbone_names(lora, targets.family, backbone), backbone)
    found: dict[str, dict[str, dict[str, Tensor]]] = {part: defaultdict(dict) for part in networks}
    unknown = []
    for key, tensor in lora.tensors.items():
        for part, (names, _) in networks.items():
            parsed = _parse(key, names.aliases)
            if parsed is not None:
                found[part][parsed.target][parsed.suffix] = tensor
                break
        else:
            unknown.append(key)
    unknown = [key for key in unknown if not _is_for(key, backbone is None, not encoders)]
    if not any(found.values()) and unknown:
        raise CheckpointError(_foreign(lora, unknown, targets.family))
    changes = {
        part: _read_all(lora, found[part], network, names, targets.family)
        for part, (names, network) in networks.items()
    }
    return LoraChanges(changes.pop(BACKBONE, {}), changes, tuple(unknown))


def _backbone_names(lora: LoraFile, family: str, backbone: nn.Module) -> Names:
    names = names_for(family, backbone)
    if names is None:
        raise CheckpointError(
            f"{lora.name}: LoRAs for models of the family {family} are not supported; those of {', '.join(ORIGINAL)} are."
        )
    return names


def _parse(key: str, aliases: Mapping[str, str]) -> _Key | None:
    for suffix in SUFFIXES:
        if key.endswith(suffix) and key[: -len(suffix)] in aliases:
            return _Key(aliases[key[: -len(suffix)]], suffix)
    return None


def _is_for(key: str, without_model: bool, without_clip: bool) -> bool:
    """Return whether a key is for a network that was not given."""
    is_text = key.startswith(TEXT_BEGINNINGS)
    return without_clip if is_text else without_model


def _read_all(
    lora: LoraFile, entries: Mapping[str, Mapping[str, Tensor]], network: nn.Module, names: Names, family: str
) -> Changes:
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    shapes |= {target: whole_shape(shares, shapes) for target, shares in names.shares.items()}
    changes: dict[str, Change] = {}
    for target, tensors in entries.items():
        try:
            read = dict(_shared(_read_entry(target, Entry(tensors), shapes), names))
        except Misfit as error:
            raise CheckpointError(
                f"{lora.name}: the tensors for {target} do not fit: {error}.{_advice(lora, family)}"
            ) from error
        changes |= read
    return changes


def _read_entry(target: str, entry: Entry, shapes: Mapping[str, tuple[int, ...]]) -> Iterable[tuple[str, Change]]:
    """Yield the changes of one layer's tensors: its weight, its bias."""
    bias_name = target.removesuffix(WEIGHT) + BIAS
    weight = next((change for change in (read(entry) for read in FORMS) if change is not None), None)
    for name, change in ((target, weight), (bias_name, plain.read_bias(entry))):
        if change is None:
            continue
        if name not in shapes:
            raise Misfit(f"the layer has no {name.rpartition('.')[2]}")
        misfit = change.misfit(shapes[name])
        if misfit is not None:
            raise Misfit(misfit)
        yield name, change


def _shared(changes: Iterable[tuple[str, Change]], names: Names) -> Iterable[tuple[str, Change]]:
    """Yield the changes of a network's tensors: those of layers that it has as several are shared among these."""
    for target, change in changes:
        if target in names.shares:
            yield from ((share.name, share_of(change, share)) for share in names.shares[target])
        else:
            yield target, change


def _foreign(lora: LoraFile, unknown: list[str], family: str) -> str:
    kind = other_family(unknown)
    of_family = f", which is of the family {family}" if family else ""
    looks = f"It looks like a LoRA for {kind}" if kind else "It is of another kind of model, or no LoRA"
    return (
        f"{lora.name}: none of its {len(unknown)} tensors belongs to a layer of this model{of_family}. {looks}; "
        f"choose one that was made for the checkpoint's family. Seen: {', '.join(unknown[:2])}."
    )


def _advice(lora: LoraFile, family: str) -> str:
    kind = other_family(lora.tensors)
    if kind is not None and FAMILY_WORDS.get(family, family) not in kind:
        return f" It looks like a LoRA for {kind}; choose one that was made for the checkpoint's family."
    return " It was made for a model of other sizes, or the file is damaged."
