"""Prompt adherence of a checkpoint: draw prompts at random, render them, judge the pictures, count.

    report = measure(load_checkpoint(path), things=2, prompts=100)
    report.share  # of the named attributes that are right

The settings are those of workflows/text_to_image.json.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import torch

from diffusion.checkpoints.load import Checkpoint
from diffusion.latents import Latent
from diffusion.sampling import sample
from diffusion.scenes import phrase, random_scene
from diffusion.vae import decode
from tests.adherence.judge import Judge
from tests.adherence.score import score

STEPS, CFG, SAMPLER, SCHEDULER = 25, 4.0, "dpmpp_2m", "karras"


@dataclass
class Report:
    """How many attributes were named and how many are right, by what they are (sky, ground, thing, colour, place)."""

    named: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    extras: int = 0

    @property
    def share(self) -> float:
        """The part of the named skies, grounds, things and colours that is right."""
        counted = ("sky", "ground", "thing", "colour")
        return sum(self.right[topic] for topic in counted) / sum(self.named[topic] for topic in counted)


def measure(checkpoint: Checkpoint, things: int, prompts: int, judge: Judge) -> Report:
    """Judge the pictures of so many random prompts of scenes with so many things."""
    report = Report()
    nothing = (checkpoint.clip.encode(""),)
    for number in range(prompts):
        rng = random.Random(f"adherence {things} {number}")
        named = phrase(random_scene(rng, things), rng)
        latent = sample(
            checkpoint.model,
            (checkpoint.clip.encode(named.text),),
            nothing,
            Latent(torch.zeros(1, 4, 16, 16)),
            seed=number,
            steps=STEPS,
            cfg=CFG,
            sampler_name=SAMPLER,
            scheduler=SCHEDULER,
        )
        picture = (decode(checkpoint.vae, latent.samples)[0] * 255).round().byte().numpy()
        scores = score(named, judge.read(picture))
        for attribute, is_right in (scores.right | scores.places).items():
            report.named[_topic(attribute)] += 1
            report.right[_topic(attribute)] += is_right
        report.extras += scores.extras
    return report


def _topic(attribute: str) -> str:
    last = attribute.split()[-1]
    return last if last in ("sky", "ground", "colour", "place", "order") else "thing"
