"""Part: one network of a file, as it is built and where its tensors lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import nn

from diffusion.checkpoints.views import Source


class Part(NamedTuple):
    """One network of a file.

    build: makes it, without weights if called under the meta device. keys: from the names of its tensors to where they
    lie in the file, which is all that the two layouts differ in (but for sides of length 1 at the end of a shape).
    """

    build: Callable[[], nn.Module]
    keys: Callable[[nn.Module], Mapping[str, Source]]
