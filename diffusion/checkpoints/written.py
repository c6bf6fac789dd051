"""From a network's tensors back to those of a file in its original layout: the inverse of a Part's keys.

written = Written(part.keys, module, header)
written.tensors(module.state_dict())  # under the names of the file that it came from
rooted(tensors, PREFIXES, "model.diffusion_model.")
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffusion.checkpoints.header import Header
from diffusion.checkpoints.views import Source, as_view

Keys = Callable[[nn.Module], Mapping[str, Source]]


@dataclass(frozen=True, eq=False)
class Written:
    """How the tensors of a network lie in the file that it came from."""

    keys: Keys
    module: nn.Module
    header: Header

    def tensors(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return tensors of the network under the names and in the shapes that the file has."""
        found = original_tensors(state, self.keys(self.module))
        return {key: tensor.reshape(self.header.required_shape(key)) for key, tensor in found.items()}


def original_tensors(state: Mapping[str, Tensor], keys: Mapping[str, Source]) -> dict[str, Tensor]:
    """Return the tensors of a file; views of one tensor are put together again."""
    pieces: dict[str, list[tuple[int, Tensor]]] = defaultdict(list)
    for name, tensor in state.items():
        view = as_view(keys[name])
        start = 0 if view.rows is None else view.rows[0]
        pieces[view.key].append((start, tensor.t() if view.is_transposed else tensor))
    return {key: _joined(found) for key, found in pieces.items()}


def rooted(tensors: Mapping[str, Tensor], roots: Iterable[str], root: str) -> dict[str, Tensor]:
    """Let all names begin with another text, in place of the longest of `roots` with which all of them begin."""
    own = max((each for each in roots if all(key.startswith(each) for key in tensors)), key=len, default="")
    return {root + key.removeprefix(own): tensor for key, tensor in tensors.items()}


def _joined(pieces: list[tuple[int, Tensor]]) -> Tensor:
    tensors = [tensor for _, tensor in sorted(pieces, key=lambda piece: piece[0])]
    return tensors[0] if len(tensors) == 1 else torch.cat(tensors)
