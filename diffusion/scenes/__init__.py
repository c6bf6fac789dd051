"""Flat-art landscapes that the project draws itself: the training set of the built-in model.

A scene is data (`Scene`, `Thing`); the grammar says it in words, `draw` paints it. In: a random generator; out: a
prompt and its picture.

    scene = random_scene(random.Random(7))
    prompt = describe(scene, random.Random(7))
    picture = draw(scene)  # (128, 128, 3) uint8
"""

from diffusion.scenes.draw import draw
from diffusion.scenes.grammar import Mention, Phrase, describe, phrase, random_scene
from diffusion.scenes.scene import COLOURS, GROUNDS, SKIES, Scene, Thing

__all__ = [
    "COLOURS",
    "GROUNDS",
    "SKIES",
    "Mention",
    "Phrase",
    "Scene",
    "Thing",
    "describe",
    "draw",
    "phrase",
    "random_scene",
]
