"""AuraFlow from files of its own, from the loaders to a saved picture."""

from __future__ import annotations

from pathlib import Path

from graph.workflow import Link, Node
from tests.tiny_aura_flow import write_aura_flow
from tests.workflows.test_files_of_their_own import draw, drawing


def test_aura_flow_draws(tmp_path: Path) -> None:
    write_aura_flow(tmp_path / "models")
    own = (
        Node("1", "UNETLoader", {"unet_name": "aura.safetensors", "weight_dtype": "default"}),
        Node("2", "CLIPLoader", {"clip_name": "pile.safetensors", "type": "stable_diffusion"}),
        Node("3", "VAELoader", {"vae_name": "aura.safetensors"}),
        Node("4", "ModelSamplingAuraFlow", {"model": Link("1", 0), "shift": 1.73}),
        Node("7", "EmptyLatentImage", {"width": 64, "height": 96}),
    )
    assert draw(tmp_path, drawing("stable_diffusion", *own)) == (64, 96)
