"""Prompts: one conditioning a text, weights, and the layer that is taken."""

from __future__ import annotations

import torch

from diffusion.clip import Clip
from nodes.text import CLIPSetLastLayer, CLIPTextEncode


def test_a_prompt_becomes_one_conditioning(tiny_clip: Clip) -> None:
    (cond,) = CLIPTextEncode("a red house", tiny_clip)
    assert cond.embedding.shape == (1, 77, 64)
    assert torch.equal(cond.embedding, tiny_clip.encode("a red house").embedding)


def test_weights_change_the_conditioning(tiny_clip: Clip) -> None:
    (plain,), (strong,) = CLIPTextEncode("a red house", tiny_clip), CLIPTextEncode("a (red:1.5) house", tiny_clip)
    assert not torch.allclose(plain.embedding, strong.embedding)


def test_an_earlier_layer_gives_another_conditioning(tiny_clip: Clip) -> None:
    earlier = CLIPSetLastLayer(tiny_clip, -2)
    (last,), (skipped,) = CLIPTextEncode("a red house", tiny_clip), CLIPTextEncode("a red house", earlier)
    assert not torch.allclose(last.embedding, skipped.embedding)
    (again,) = CLIPTextEncode("a red house", CLIPSetLastLayer(earlier, -1))
    assert torch.equal(last.embedding, again.embedding)
