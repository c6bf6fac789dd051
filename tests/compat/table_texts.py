"""What docs/compatibility.md says in words: the reasons for differences, and the text around the tables."""

from __future__ import annotations

from typing import NamedTuple

from tests.compat import test_cases as v1
from tests.compat.v3 import test_cases as v3

ASKED_FOR = (
    "comfy.cli_args",
    "comfy.comfy_types",
    "comfy.model_management",
    "comfy.utils",
    "comfy.samplers",
    "comfy.sample",
    "comfy.sampler_helpers",
    "comfy.sd",
    "comfy.sd1_clip",
    "comfy.lora",
    "comfy.model_base",
    "comfy.model_patcher",
    "comfy.model_sampling",
    "comfy.model_detection",
    "comfy.supported_models",
    "comfy.patcher_extension",
    "comfy.hooks",
    "comfy.controlnet",
    "comfy.conds",
    "comfy.clip_vision",
    "comfy.latent_formats",
    "comfy.k_diffusion",
    "comfy.ldm",
    "comfy.ops",
    "comfy.float",
    "comfy_api.latest",
    "comfy_api.v0_0_2",
    "comfy_execution.graph",
    "comfy_execution.graph_utils",
    "comfy_execution.caching",
    "comfy_extras.nodes_mask",
    "comfy_extras.nodes_custom_sampler",
    "execution",
    "folder_paths",
    "latent_preview",
    "node_helpers",
    "nodes",
    "server",
    "app.user_manager",
    "comfyui_version",
)


class Difference(NamedTuple):
    """Cases that go another way than in ComfyUI, for one reason."""

    cases: frozenset[str]
    how: str


DIFFERENCES = (
    Difference(
        frozenset(v1.KINDER | v3.KINDER),
        "**Milder.** An output that a function did not return is `None` for what reads it, and a blocker alone blocks every "
        "output. ComfyUI ends the prompt with an `IndexError`.",
    ),
    Difference(
        frozenset(v3.STRICTER),
        "**Stricter.** A choice of a `DynamicCombo` that is missing or unknown is told before anything runs. "
        "ComfyUI calls the node without it.",
    ),
    Difference(
        frozenset(v3.TOLD_ELSEWHERE),
        "A check (`validate_inputs`) that raises is told at the node that it belongs to. "
        "ComfyUI tells it at the output node behind.",
    ),
    Difference(
        frozenset(v1.SHOWN_OUTSIDE_TOO),
        "What nodes inside an expansion show, the node that expanded shows too, also when its result was kept.",
    ),
    Difference(
        frozenset(v3.CUT_OFF),
        "A node that ran again and gave the same has what reads it not run again. ComfyUI runs it.",
    ),
)

HEAD = """# Node packs written for ComfyUI

Weft loads packs that were written for ComfyUI as they are. This page says how far that goes. It is made by
`python docs/make_compatibility.py` from a run over the packs in `tests/compat/packs`, one for each feature, whose prompts were
run in ComfyUI 0.33 too; a test makes it anew and compares. For any other pack, `weft nodes check FOLDER` says what it uses,
which names are not here, what is left out and why.

## Packs

What editors are told of a node (`/object_info`) is its description. A case is one or more prompts, run one after the other;
what is compared is which inputs are refused and why, which nodes ran, which results were kept, what was shown, what was
blocked, the error and the end. Not compared are the order in which nodes begin, and the words of errors that are ComfyUI's own.

| pack | what it tries | API | loaded | beside ComfyUI |
|---|---|---|---|---|"""
DIFFERS = """
## What differs
"""
LIMITS = """
Besides, and not among the cases:

- Routes of packs answer; WebSocket routes are refused, and middlewares have no effect.
- What a pack replaces in ComfyUI's modules, other packs see; Weft's engine and its own nodes do not go through it. It is logged
  once, and `weft nodes check` lists it.
- Names of built-in nodes stay Weft's, whatever a pack calls its own. Those that Weft has from a pack give way to it: where
  ComfyUI_IPAdapter_plus is installed, its nodes are used.
- There are no accounts: `AUTH_TOKEN_COMFY_ORG` and `API_KEY_COMFY_ORG` are `None`.
- Scripts for ComfyUI's editor run in ComfyUI's editor (`weft serve --front-end comfyui`), not in Weft's own.

## Features

| feature | API | tried by |
|---|---|---|"""
MODULES = """
## Modules of ComfyUI

Of those that packs import most. One that is there need not have every name; `weft nodes check` tells which names of a pack
are missing.
"""
