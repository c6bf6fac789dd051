"""Tiny random networks of AuraFlow as files have them, and a small vocabulary in the place of Llama's.

write_aura_flow(tmp_path / "models")
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel

from diffusion.checkpoints.networks.aura_mmdit import AuraSizes, aura_part
from diffusion.checkpoints.networks.kl_vae import VaeSizes, vae_part
from diffusion.checkpoints.networks.t5 import T5Sizes, t5_part
from tests.tiny_checkpoint import write_state
from tests.tiny_flux import state_of

T5 = T5Sizes(64, width=48, inner_width=64, layers=2, heads=3, head_width=16, is_umt5=True)
AURA = AuraSizes(channels=4, width=256, double_layers=1, single_layers=2, context_width=T5.width, places=144)
VAE = VaeSizes((32, 32, 32, 32), 1, 4)
PILE_T5 = t5_part(T5, "")
WORDS = ("<unk>", "<pad>", "</s>", "a", "red", "house")


def tokenizer() -> Tokenizer:
    """Return a tokenizer of a few words."""
    made = Tokenizer(WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token=WORDS[0]))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


def write_aura_flow(models: Path) -> None:
    """Write a file for each network where its loader looks for it, and the tokenizer."""
    parts = {
        "diffusion_models/aura": aura_part(AURA, ""),
        "text_encoders/pile": PILE_T5,
        "vae/aura": vae_part(VAE, ""),
    }
    for name, part in parts.items():
        path = models / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_state(path, state_of(part))
    (models / "tokenizers" / "pile_t5").mkdir(parents=True)
    tokenizer().save(str(models / "tokenizers" / "pile_t5" / "tokenizer.json"))
