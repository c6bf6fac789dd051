"""Files in a family's original layout, written from modules by the key maps that read them.

state = original_state([(module, part.keys(module)), …])
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from diffusion.checkpoints.views import Source, as_view


def original_state(parts: Iterable[tuple[nn.Module, Mapping[str, Source]]]) -> dict[str, Tensor]:
    """Return the tensors of a file: views of one tensor are put together again."""
    pieces: dict[str, list[tuple[int, Tensor]]] = defaultdict(list)
    for module, keys in parts:
        for name, tensor in module.state_dict().items():
            view = as_view(keys[name])
            start = 0 if view.rows is None else view.rows[0]
            pieces[view.key].append((start, tensor.t() if view.is_transposed else tensor))
    return {
        key: torch.cat([tensor for _, tensor in sorted(found, key=lambda each: each[0])])
        for key, found in pieces.items()
    }
