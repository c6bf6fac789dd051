"""CLIP: a Clip here, an object that tokenizes and encodes in packs.

    clip = to_pack(handle)
    clip.encode_from_tokens_scheduled(clip.tokenize("a cat"))  # [[embedding, {"pooled_output": …}]]
    from_pack(clip)  # the handle again, with the layer and the patches that a pack set

An object of a pack's own that can do the same is taken as a ForeignClip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from compat.wires.conditioning import cond_of
from compat.wires.patcher import ModelPatcher
from compat.wires.patcher_parts import ids_of
from compat.wires.text_model import TextModel, Tokenizer, with_weights
from compat.wires.told import no_effect
from diffusion.clip import Clip
from diffusion.conditioning import Cond
from diffusion.overlay import WeightPatch

UNPROJECTED = "unprojected"


class CLIP:
    """ComfyUI's CLIP over a handle."""

    def __init__(self, handle: Clip) -> None:
        self.handle = handle
        self.cond_stage_model = TextModel(handle)
        self.tokenizer = Tokenizer(handle)
        self.patcher = ModelPatcher(self.cond_stage_model, handle.device, torch.device("cpu"))
        self.patcher.is_clip = True
        self.layer_idx: int | None = handle.layer
        self.tokenizer_options: dict[str, Any] = {}
        self.use_clip_schedule = False
        self.apply_hooks_to_conds: Any = None
        self._made: Clip | None = None
        self._state: Any = None

    def clone(self, *unused: Any, **named: Any) -> CLIP:
        """Return one that may be changed without changing this."""
        made = type(self).__new__(type(self))
        vars(made).update(vars(self))
        made.patcher, made.tokenizer_options = self.patcher.clone(), dict(self.tokenizer_options)
        return made

    def add_patches(self, patches: Any, strength_patch: float = 1.0, strength_model: float = 1.0) -> list[Any]:
        """Add patches of weights."""
        return self.patcher.add_patches(patches, strength_patch, strength_model)

    def get_key_patches(self) -> dict[str, list[Any]]:
        """Return each weight with its patches."""
        return self.patcher.get_key_patches()

    def set_tokenizer_option(self, option_name: str, value: Any) -> None:
        """Keep an option of tokenizers, of which Weft's have none."""
        no_effect(f'the tokenizer option "{option_name}"')
        self.tokenizer_options[option_name] = value

    def clip_layer(self, layer_idx: int | None) -> None:
        """Take the output of a layer counted from the end."""
        self.layer_idx = layer_idx

    def tokenize(self, text: str, return_word_ids: bool = False, **kwargs: Any) -> dict[str, Any]:
        """Return the tokens of a prompt, by kind of encoder."""
        return self.tokenizer.tokenize_with_weights(text, return_word_ids, **kwargs)

    def encode_from_tokens(self, tokens: Any, return_pooled: Any = False, return_dict: bool = False) -> Any:
        """Return the embedding; with the pooled output, or all in a dictionary, if asked."""
        model = TextModel(self.patched())
        model.set_clip_options({"projected_pooled": return_pooled != UNPROJECTED})
        embedding, pooled, *more = model.encode_token_weights(tokens)
        if return_dict:
            found = {"cond": embedding, "pooled_output": pooled}
            return {**found, **(more[0] if more else {})}
        return (embedding, pooled) if return_pooled else embedding

    def encode_from_tokens_scheduled(
        self, tokens: Any, unprojected: bool = False, add_dict: Mapping[str, Any] | None = None, show_pbar: bool = True
    ) -> list[Any]:
        """Return a conditioning; add_dict: entries for its dictionary."""
        found = self.encode_from_tokens(tokens, UNPROJECTED if unprojected else True, return_dict=True)
        return [[found.pop("cond"), {**found, **(add_dict or {})}]]

    def encode(self, text: str) -> Tensor:
        """Return the embedding of a prompt."""
        embedding: Tensor = self.encode_from_tokens(self.tokenize(text))
        return embedding

    def load_model(self, tokens: Any = None) -> ModelPatcher:
        """Return the patcher: weights come when they are used."""
        return self.patcher

    def get_sd(self) -> dict[str, Tensor]:
        """Return the weights without patches."""
        return self.cond_stage_model.state_dict()

    def is_dynamic(self) -> bool:
        """Return no."""
        return False

    def patched(self) -> Clip:
        """Return the handle with the layer and the patches."""
        handle = self.handle if self.layer_idx == self.handle.layer else self.handle.with_layer(self.layer_idx)
        changes = self.patcher.changes()
        return with_weights(handle, changes, WeightPatch) if changes else handle


@dataclass(frozen=True)
class PackClip(Clip):
    """A handle that a pack's object stands behind."""

    source: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class ForeignClip(Clip):
    """A pack's own object in the place of text encoders."""

    source: Any = None

    @property
    def digest(self) -> str:
        """Nothing: it is not known what it does."""
        return ""

    @property
    def device(self) -> torch.device:
        """Where embeddings are wanted."""
        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The precision of embeddings."""
        return torch.float32

    def with_layer(self, layer: int | None) -> Clip:
        """Return the same, stopping at a layer."""
        clone = self.source.clone()
        clone.clip_layer(layer)
        return ForeignClip((), source=clone)

    def encode(self, text: str) -> Cond:
        """Return a prompt's conditioning."""
        return self._encoded(self.source.tokenize(text))

    def encode_each(self, texts: Mapping[str, str]) -> Cond:
        """Return the conditioning of a prompt for each kind of encoder."""
        tokens = {kind: self.source.tokenize(text) for kind, text in texts.items()}
        return self._encoded({kind: found.get(kind) for kind, found in tokens.items()})

    def encode_shown(self, text: str, pictures: Sequence[Tensor], template: str | None = None) -> Cond:
        """Return the conditioning of a prompt with pictures."""
        framed = {} if template is None else {"llama_template": template}
        return self._encoded(self.source.tokenize(text, images=list(pictures), **framed))

    def _encoded(self, tokens: Any) -> Cond:
        if hasattr(self.source, "encode_from_tokens_scheduled"):
            embedding, entries = self.source.encode_from_tokens_scheduled(tokens)[0]
            return cond_of(embedding, entries)
        embedding, pooled = self.source.encode_from_tokens(tokens, return_pooled=True)
        return Cond(embedding, pooled)


def to_pack(handle: Clip) -> Any:
    """Return what packs get for a handle: the very object that it came from, if nothing was changed since."""
    if isinstance(handle, ForeignClip):
        return handle.source
    if isinstance(handle, PackClip) and handle.source._made is handle and handle.source._state == _state(handle.source):
        return handle.source
    made = CLIP(Clip(**{part.name: getattr(handle, part.name) for part in fields(Clip)}))
    made._made, made._state = handle, _state(made)
    return made


def from_pack(value: Any) -> Any:
    """Return the handle of a CLIP, also of a pack's own object like it; anything else as it is."""
    if type(value) is not CLIP:
        is_like = callable(getattr(value, "tokenize", None)) and callable(getattr(value, "encode_from_tokens", None))
        return ForeignClip((), source=value) if is_like else value
    if value._made is not None and value._state == _state(value):
        return value._made
    handle = value.patched()
    made = PackClip(**{part.name: getattr(handle, part.name) for part in fields(Clip)}, source=value)
    value._made, value._state = made, _state(value)
    return made


def _state(clip: CLIP) -> Any:
    return (clip.layer_idx, ids_of(clip.patcher.patches), id(clip.handle))
