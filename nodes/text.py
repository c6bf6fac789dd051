"""Operators that turn prompts into conditionings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from diffusion.text.chunks import embedding_names
from graph.spec import node
from graph.widgets import FileText, Range
from nodes.sockets import Clip, Conditioning


@dataclass(frozen=True)
class Prompt(FileText):
    """A prompt, which may name textual inversions as `embedding:name`."""

    multiline: bool = True
    dynamic_prompts: bool = True
    kind: str = "embeddings"

    def names_in(self, text: str) -> tuple[str, ...]:
        """Return the names of the textual inversions."""
        return embedding_names(text)


@node(category="model/conditioning", display_name="CLIP Text Encode (Prompt)")
def CLIPTextEncode(text: Annotated[str, Prompt()], clip: Clip) -> Conditioning:
    """Turn a prompt into a conditioning that guides the model.

    text: what to show. (word:1.3) counts for more, (word:0.7) for less, embedding:name takes a textual inversion.
    clip: the text encoder of the checkpoint.
    """
    return (clip.encode(text),)


@node(category="model/conditioning", display_name="CLIP Set Last Layer")
def CLIPSetLastLayer(clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1) -> Clip:
    """Take the text encoder's output from an earlier layer (CLIP skip).

    stop_at_clip_layer: -1 is the last layer, -2 the one before it.
    """
    return clip.with_layer(stop_at_clip_layer)
