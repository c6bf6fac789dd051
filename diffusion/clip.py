"""Handles of text encoders: Clip is what the CLIP wire carries, one encoder or several that a family uses together.

    clip = Clip((TextEncoder(CLIP_L, ClipReader(tokenizer), module),))  # SD1's: one CLIP
    cond = clip.with_layer(-2).encode("a photo of a (red:1.3) cat")

The modules are transformers'; their weights are not changed through a handle, so many may share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from diffusion.conditioning import Cond
from diffusion.errors import DiffusionError
from diffusion.finite import require_finite
from diffusion.handles import FileLayout, device_of, dtype_of, joined_digest, overlay_for
from diffusion.overlay import Overlay, WeightPatch
from diffusion.streaming import Keeper, kept
from diffusion.text.embeddings import EmbeddingLookup, no_embeddings
from diffusion.text.encoders import Encoded
from diffusion.text.picture_reader import PictureReader
from diffusion.text.readers import Alone, Joiner, Reader

CLIP_L, CLIP_G, CLIP_H, T5_XXL = "l", "g", "h", "t5xxl"  # kinds of encoders go by ComfyUI's names
NOT_FINITE = "The checkpoint or an embedding of the prompt may be damaged; get it again."


@dataclass(frozen=True)
class TextEncoder:
    """One network that reads prompts.

    kind: by which its family knows it. digest: tells the weights and all that was done to them; "" if unknown. patches,
    overlay, computed, keeper, layout: as diffusion.models.Model has them.
    """

    kind: str
    reader: Reader
    module: nn.Module
    digest: str = ""
    patches: tuple[WeightPatch, ...] = ()
    computed: torch.dtype | None = None
    keeper: Keeper | None = None
    layout: FileLayout | None = field(default=None, repr=False, compare=False)
    overlay: Overlay = field(default=None, repr=False, compare=False)  # type: ignore[assignment]  # made below

    def __post_init__(self) -> None:
        """Make the overlay, unless the given one is of these patches."""
        made = overlay_for(self.overlay, self.module, self.patches, self.dtype if self.patches else None)
        object.__setattr__(self, "overlay", made)

    @property
    def device(self) -> torch.device:
        """Where the network computes."""
        return device_of(self.keeper, self.module)

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return self.computed or dtype_of(self.keeper, self.module)

    def with_patch(self, patch: WeightPatch) -> TextEncoder:
        """Return a handle of the same network with one more patch on its weights."""
        return replace(self, patches=(*self.patches, patch), digest=joined_digest(self.digest, patch.full_digest))

    def read(self, text: str, layer: int | None, embeddings: EmbeddingLookup) -> Encoded:
        """Encode a prompt; DiffusionError if what comes out is not numbers."""
        return self.run(lambda: self.reader.read(self.module, text, layer=layer, embeddings=embeddings))

    def read_shown(self, text: str, pictures: Sequence[Tensor], template: str | None, layer: int | None) -> Encoded:
        """Encode a prompt with pictures; DiffusionError if the encoder cannot see."""
        reader = self.reader
        if not isinstance(reader, PictureReader):
            raise DiffusionError(
                f'The text encoder "{self.kind}" sees no pictures; load one that does with CLIPLoader, such as Qwen2.5-VL.'
            )
        return self.run(lambda: reader.read_shown(self.module, text, pictures, layer=layer, template=template))

    def run(self, work: Callable[[], Encoded]) -> Encoded:
        """Call what encodes with the network, its weights in place; DiffusionError if what comes out is not numbers."""
        encoded = kept(self.keeper, "encode text", (1,), work, self.overlay)
        require_finite(encoded.embedding, "The text encoder gave", NOT_FINITE)
        return encoded


@dataclass(frozen=True)
class Clip:
    """The text encoders of a family, and how what they give becomes a conditioning.

    layer: which layer's output is taken: None the usual one, -1 the last, -2 the one before it, … (CLIP skip).
    embeddings: finds the file of a textual inversion by its name.
    """

    encoders: tuple[TextEncoder, ...]
    joiner: Joiner = field(default_factory=Alone)
    layer: int | None = None
    embeddings: EmbeddingLookup = field(default=no_embeddings)

    @property
    def encoder(self) -> nn.Module:
        """The network of the first encoder; SD1 has no other."""
        return self.encoders[0].module

    @property
    def digest(self) -> str:
        """What tells the encoders and all that was done to them; "" if unknown."""
        digests = [encoder.digest for encoder in self.encoders]
        layer = "" if self.layer is None else f" layer {self.layer}"
        return " and ".join(digests) + layer if all(digests) else ""

    @property
    def device(self) -> torch.device:
        """Where the first encoder computes."""
        return self.encoders[0].device

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the first encoder computes."""
        return self.encoders[0].dtype

    def with_layer(self, layer: int | None) -> Clip:
        """Return the same encoders, stopping at a layer counted from the end (-1 … -24)."""
        return replace(self, layer=layer)

    def with_each(self, change: Callable[[TextEncoder], TextEncoder]) -> Clip:
        """Return the same with every encoder changed."""
        return replace(self, encoders=tuple(map(change, self.encoders)))

    def encode(self, text: str) -> Cond:
        """Return a prompt's conditioning, float32, on the CPU; DiffusionError if it is none."""
        return self.encode_each({encoder.kind: text for encoder in self.encoders})

    def encode_each(self, texts: Mapping[str, str]) -> Cond:
        """Return the conditioning of a prompt for each kind of encoder; kinds without one read the empty prompt."""
        return self.joiner.join(
            {each.kind: each.read(texts.get(each.kind, ""), self.layer, self.embeddings) for each in self.encoders}
        )

    def encode_shown(self, text: str, pictures: Sequence[Tensor], template: str | None = None) -> Cond:
        """Return the conditioning of a prompt with pictures (batch, rows, columns, 3) in 0..1, in a template if given."""
        return self.joiner.join(
            {each.kind: each.read_shown(text, pictures, template, self.layer) for each in self.encoders}
        )
