"""Text encoders in GGUF files: the names that llama.cpp's converter gives lead back to those of transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from gguf import MODEL_ARCH, get_tensor_name_map
from torch import nn

from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.fill import fill, open_weights
from diffusion.checkpoints.gguf_names import original_name
from diffusion.checkpoints.header import read_header
from diffusion.checkpoints.part import Part
from diffusion.packed import packed_in, unpacked
from diffusion.quantize import Precision
from tests.packed_files import gguf, write_gguf

SIZES = {"vocab_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 64, "intermediate_size": 96}
DUMPED = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


def t5() -> nn.Module:
    from transformers import T5Config, T5EncoderModel

    sizes = {"vocab_size": 96, "d_model": 64, "d_kv": 32, "d_ff": 96, "num_layers": 2, "num_heads": 2}
    return T5EncoderModel(T5Config(**sizes, feed_forward_proj="gated-gelu"))


def qwen2() -> nn.Module:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(Qwen2Config(**SIZES, **DUMPED, num_key_value_heads=1))


def qwen3() -> nn.Module:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(Qwen3Config(**SIZES, **DUMPED, num_key_value_heads=1, head_dim=32))


NETWORKS = {"t5encoder": (t5, MODEL_ARCH.T5), "qwen2vl": (qwen2, MODEL_ARCH.QWEN2), "qwen3": (qwen3, MODEL_ARCH.QWEN3)}


def gguf_names(module: nn.Module, arch: MODEL_ARCH) -> dict[str, str]:
    """Return llama.cpp's names of a network's tensors by their own; the table of T5's encoder is the shared one."""
    names = get_tensor_name_map(arch, 2)
    found = {name: names.get_name(name, try_suffixes=(".weight", ".bias")) for name in module.state_dict()}
    return {name: other for name, other in found.items() if other is not None and "encoder.embed_tokens" not in name}


@pytest.mark.parametrize("architecture", NETWORKS)
def test_names_lead_back_to_those_of_transformers(architecture: str) -> None:
    build, arch = NETWORKS[architecture]
    names = gguf_names(build(), arch)
    assert len(names) >= 20
    assert {name: original_name(other, architecture) for name, other in names.items()} == {name: name for name in names}


def test_names_of_other_architectures_stay() -> None:
    assert original_name("double_blocks.0.img_attn.qkv.weight", "flux") == "double_blocks.0.img_attn.qkv.weight"
    assert original_name("blk.0.attn_q.weight", "llama") == "blk.0.attn_q.weight"
    assert original_name("blk.0.some.weight", "qwen3") == "model.layers.0.some.weight"


def on_cpu(build: Callable[[], nn.Module]) -> nn.Module:
    """Build with the frequencies of rotary positions, which no file has."""
    with torch.device("cpu"):
        return build()


@pytest.mark.parametrize("architecture", NETWORKS)
@torch.no_grad()
def test_a_packed_encoder_computes_what_its_unpacked_weights_do(architecture: str, tmp_path: Path) -> None:
    build, arch = NETWORKS[architecture]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build().eval()
    names, state = gguf_names(network, arch), network.state_dict()
    packed = {
        other: ("Q8_0", gguf("Q8_0")(state[name])[".weight"])
        for name, other in names.items()
        if state[name].ndim == 2 and "relative" not in name
    }
    plain = {other: state[name] for name, other in names.items()}
    path = write_gguf(tmp_path / "t.gguf", plain, packed, arch=architecture)
    tied = {"encoder.embed_tokens.weight": "shared.weight"}
    part = Part(lambda: on_cpu(build), lambda module: {name: tied.get(name, name) for name in module.state_dict()})
    loaded = fill(part, open_weights(read_header(path)), Precision(torch.float32), "cpu")
    assert len(list(packed_in(loaded))) >= len(packed)
    for name, weight in loaded.state_dict().items():
        torch.testing.assert_close(unpacked(weight), state[name], atol=0.02, rtol=0)
        state[name].copy_(unpacked(weight))
    if architecture == "t5encoder":
        assert encoder_alone(read_header(path))[0] == "t5xxl"
    ids = torch.tensor([[5, 7, 11, 2]])
    assert torch.equal(loaded(ids)[0], network(ids)[0])
    half = fill(part, open_weights(read_header(path)), Precision(torch.bfloat16), "cpu")
    assert half(ids)[0].dtype == torch.bfloat16
