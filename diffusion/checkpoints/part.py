"""Part: one network of a file, as it is built and where its tensors lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from diffusion.checkpoints.views import Source

RANDOM = frozenset(
    (torch.Tensor.uniform_, torch.Tensor.normal_, nn.init.uniform_, nn.init.normal_, nn.init.kaiming_uniform_)
)


class Part(NamedTuple):
    """One network of a file.

    build: makes it, without weights if called under the meta device. keys: from the names of its tensors to where they
    lie in the file, which is all that the two layouts differ in (but for sides of length 1 at the end of a shape).
    """

    build: Callable[[], nn.Module]
    keys: Callable[[nn.Module], Mapping[str, Source]]

    def outline(self) -> nn.Module:
        """Return the network on the meta device: names and shapes, no numbers."""
        with torch.device("meta"), _NothingRandom():
            return self.build()


class _NothingRandom(TorchFunctionMode):
    """Leave out the random numbers that layers begin with; on the meta device they take half of the time to build."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in RANDOM:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
