"""From a file to an IP-Adapter.

adapter = load_ip_adapter(path)
adapter.keys_values(adapter.taken(vision.encode_image(image)))
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.checkpoints.alone import load_alone
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep
from diffusion.clip_vision import ClipVision, VisionOutput
from diffusion.errors import DiffusionError
from diffusion.handles import device_of, dtype_of, joined_digest
from diffusion.ip_adapter.network import PLAIN, AdapterSizes, KeysValues, adapter_part, read_adapter
from diffusion.quantize import Precision
from diffusion.streaming import Keeper, kept

AS_STORED = Precision()
ENCODERS = {  # by whether one vector of a picture is taken, and its width
    (True, 1024): "CLIP ViT-H",
    (True, 1280): "CLIP ViT-bigG",
    (False, 1280): "CLIP ViT-H",
}


@dataclass(frozen=True)
class IPAdapter:
    """A network that makes keys and values for a U-Net of what was seen in pictures.

    vision: what sees them, if it came along.
    """

    network: nn.Module
    sizes: AdapterSizes
    digest: str = ""
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    vision: ClipVision | None = None

    def with_vision(self, vision: ClipVision) -> IPAdapter:
        """Return a handle that brings along what sees pictures."""
        return replace(self, vision=vision, digest=joined_digest(self.digest, vision.digest))

    def taken(self, seen: VisionOutput) -> Tensor:
        """Return what the network takes of what was seen: a vector for each picture, or those of the last layer but one."""
        is_plain = self.sizes.kind == PLAIN
        found = seen.image_embeds if is_plain else seen.penultimate_hidden_states
        if found.shape[-1] != self.sizes.seen or found.ndim != (2 if is_plain else 3):
            known = ENCODERS.get((is_plain, self.sizes.seen))
            raise DiffusionError(
                f"This IP-Adapter takes vectors {self.sizes.seen} wide, the CLIP vision network gave {found.shape[-1]}; "
                f"load the network that it was made for with CLIPVisionLoader{f' ({known})' if known else ''}."
            )
        return found

    @torch.no_grad()
    def keys_values(self, seen: Tensor) -> KeysValues:
        """Return keys and values of what was taken, float32 on the CPU."""
        network: Any = self.network
        dtype = self.computed or dtype_of(self.keeper, self.network)

        def work() -> KeysValues:
            made: KeysValues = network(seen.to(device_of(self.keeper, self.network), dtype))
            return made

        return KeysValues(*(part.float().cpu() for part in kept(self.keeper, "encode image", seen.shape, work)))


def load_ip_adapter(
    path: Path,
    *,
    precision: Precision = AS_STORED,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> IPAdapter:
    """Load an IP-Adapter; keep: as load_checkpoint has it."""
    weights = open_any(path)
    sizes = read_adapter(weights.header)
    loaded = load_alone(weights, adapter_part(sizes), "ip adapter", precision, device=device, keep=keep)
    return IPAdapter(loaded.module, sizes, loaded.digest, precision.computed, loaded.keeper)
