"""Single tensors of a file, for families of which the header alone does not say what the network predicts.

value = peek(header, "edm_vpred.sigma_max")  # None if the file has none of that name
"""

from __future__ import annotations

from torch import Tensor

from diffusion.checkpoints.fill import open_weights
from diffusion.checkpoints.header import Header


def peek(header: Header, key: str) -> Tensor | None:
    """Return a tensor of a file, None if it has none, or if there is only its header."""
    if key not in header.tensors or not header.path.exists():
        return None
    return open_weights(header).get(key).float()
