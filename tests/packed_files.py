"""Packed weights as files have them, written by plain formulas; and the tiny checkpoint in every layout.

path = write_packed(tmp_path / "tiny.safetensors", LAYOUTS["nvfp4"])
written = LAYOUTS["nvfp4"].pack(weight)   # {".weight": …, ".weight_scale": …}, as beside a layer
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from gguf import GGUFWriter
from gguf.constants import GGMLQuantizationType
from gguf.quants import quantize
from safetensors.torch import save_file
from torch import Tensor

from tests.k_quants import K_QUANTS
from tests.tiny_checkpoint import TinyNetworks

E2M1 = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
GGUF_TYPES = ("Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q5_1", "Q5_0", "Q4_1", "Q4_0")
LINEAR = ("attn1.", "attn2.", ".ff.", "time_embed.", ".q_proj.", ".k_proj.", ".v_proj.", ".fc1.", ".fc2.")
TABLE = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"


class Layout(NamedTuple):
    """A way to pack a layer's weight: the tensors beside each other, by the ends of their names. error: of the U-Net's output.

    marks: tensors for the whole file. metadata: of the file, from the names of the packed layers. bits: of a number, scales
    included, for a weight of 64 by 64.
    """

    pack: Callable[[Tensor], dict[str, Tensor]]
    error: float
    bits: float
    packs_tables: bool = False
    marks: Mapping[str, Tensor] = {}
    metadata: Callable[[list[str]], dict[str, str]] = lambda layers: {}


def described(**said: object) -> dict[str, Tensor]:
    """Return what ComfyUI's files say of a layer."""
    return {".comfy_quant": torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)}


def float8(dtype: torch.dtype, name: str | None, **more: Tensor) -> Callable[[Tensor], dict[str, Tensor]]:
    """Return what packs with a scale of that name for all numbers, or none."""

    def pack(weight: Tensor) -> dict[str, Tensor]:
        scale = weight.abs().max() / torch.finfo(dtype).max if name else torch.tensor(1.0)
        scales = {f".{name}": scale.float()} if name else {}
        return {".weight": (weight / scale).to(dtype), **scales, **more}

    return pack


def int8(weight: Tensor) -> dict[str, Tensor]:
    """Return whole numbers with a scale for each row."""
    scale = weight.abs().amax(dim=1, keepdim=True) / 127
    return {".weight": (weight / scale).round().to(torch.int8), ".weight_scale": scale}


def turned_int8(weight: Tensor) -> dict[str, Tensor]:
    """Return whole numbers of a weight whose columns were turned, 16 at a time."""
    base = torch.tensor([[1.0, 1, 1, -1], [1, 1, -1, 1], [1, -1, 1, 1], [-1, 1, 1, 1]]) / 2
    turn = torch.block_diag(*[torch.kron(base, base)] * (weight.shape[1] // 16))
    said = described(format="int8_tensorwise", convrot=True, convrot_groupsize=16)
    return {**int8(weight @ turn.T), **said}


def nvfp4(weight: Tensor) -> dict[str, Tensor]:
    """Return numbers of 4 bits, two in a byte, with a scale for each 16 and one for all."""
    whole = weight.abs().max() / (448 * 6)
    blocks = weight.reshape(len(weight), -1, 16)
    scales = (blocks.abs().amax(-1) / 6 / whole).to(torch.float8_e4m3fn)
    codes = e2m1_codes(blocks / (scales.float() * whole).clamp(min=1e-12)[..., None]).reshape(weight.shape)
    data = (codes[:, 0::2] << 4) | codes[:, 1::2]
    return {".weight": data, ".weight_scale": in_tiles(scales), ".weight_scale_2": whole}


def mxfp8(weight: Tensor) -> dict[str, Tensor]:
    """Return 8-bit floats with a power of two for each 32."""
    blocks = weight.reshape(len(weight), -1, 32)
    exponents = (blocks.abs().amax(-1).clamp(min=1e-12) / 448).log2().ceil()
    data = (blocks / exponents.exp2()[..., None]).to(torch.float8_e4m3fn).reshape(weight.shape)
    return {".weight": data, ".weight_scale": in_tiles((exponents + 127).to(torch.uint8))}


def e2m1_codes(values: Tensor) -> Tensor:
    """Return the nearest numbers of 4 bits: three bits of E2M1, the sign above them."""
    nearest = (values.abs()[..., None] - torch.tensor(E2M1)).abs().argmin(-1)
    return (nearest + 8 * (values < 0)).to(torch.uint8)


def in_tiles(scales: Tensor) -> Tensor:
    """Return scales of blocks as cuBLAS has them, number by number: tiles of 128 rows and 4 columns, zeros where none is."""
    rows, columns = scales.shape
    high, wide = -(-rows // 128), -(-columns // 4)
    flat = torch.zeros(high * wide * 512, dtype=torch.uint8)
    plain = scales.view(torch.uint8)
    for row in range(rows):
        for column in range(columns):
            tile = (row // 128) * wide + column // 4
            flat[tile * 512 + (row % 32) * 16 + (row % 128 // 32) * 4 + column % 4] = plain[row, column]
    return flat.view(scales.dtype).reshape(high * 128, wide * 4)


def gguf(name: str) -> Callable[[Tensor], dict[str, Tensor]]:
    """Return what packs as the gguf package does; rows that take no whole blocks are put together until they do."""

    def pack(weight: Tensor) -> dict[str, Tensor]:
        if name in K_QUANTS:
            return {".weight": K_QUANTS[name](weight.reshape(-1, 256))}
        return {".weight": torch.from_numpy(quantize(weight.numpy(), GGMLQuantizationType[name]))}

    return pack


def of_format(name: str) -> Callable[[list[str]], dict[str, str]]:
    """Return the metadata that says that all layers have a format."""
    return lambda layers: {
        "_quantization_metadata": json.dumps({"layers": {each: {"format": name} for each in layers}})
    }


E4M3, E5M2 = torch.float8_e4m3fn, torch.float8_e5m2
LAYOUTS: Mapping[str, Layout] = {
    "fp8 e4m3": Layout(float8(E4M3, None), 0.025, 8, packs_tables=True),
    "fp8 e5m2": Layout(float8(E5M2, None), 0.04, 8, packs_tables=True),
    "fp8 e4m3 scaled": Layout(
        float8(E4M3, "weight_scale", **described(format="float8_e4m3fn")), 0.018, 8 + 32 / 4096, packs_tables=True
    ),
    "fp8 e5m2 scaled": Layout(float8(E5M2, "weight_scale", **described(format="float8_e5m2")), 0.035, 8 + 32 / 4096),
    "fp8 scaled, old": Layout(
        float8(E4M3, "scale_weight", **{".scale_input": torch.tensor(1.0)}),
        0.018,
        8 + 32 / 4096,
        marks={"scaled_fp8": torch.zeros(2, dtype=E4M3)},
    ),
    "mxfp8": Layout(mxfp8, 0.025, 8 + 4, metadata=of_format("mxfp8")),  # scales of 64 rows take a tile of 128
    "int8": Layout(lambda w: {**int8(w), **described(format="int8_tensorwise")}, 0.003, 8 + 0.5, packs_tables=True),
    "int8 turned": Layout(turned_int8, 0.004, 8.5),
    "nvfp4": Layout(lambda w: {**nvfp4(w), **described(format="nvfp4")}, 0.06, 4 + 1 + 32 / 4096),
    "nvfp4, metadata": Layout(nvfp4, 0.06, 4 + 1 + 32 / 4096, metadata=of_format("nvfp4")),
    "Q8_0": Layout(gguf("Q8_0"), 0.003, 8.5, packs_tables=True),
    "Q6_K": Layout(gguf("Q6_K"), 0.01, 6.5625),
    "Q5_K": Layout(gguf("Q5_K"), 0.02, 5.5),
    "Q4_K": Layout(gguf("Q4_K"), 0.04, 4.5),
    "Q5_1": Layout(gguf("Q5_1"), 0.018, 6),
    "Q5_0": Layout(gguf("Q5_0"), 0.018, 5.5),
    "Q4_1": Layout(gguf("Q4_1"), 0.04, 5),
    "Q4_0": Layout(gguf("Q4_0"), 0.04, 4.5),
}


def is_packed(key: str, layout: Layout) -> bool:
    """Whether a tensor of the tiny checkpoint is packed: linear layers of the U-Net and the text encoder, and its table."""
    is_table = key == TABLE and layout.packs_tables
    return is_table or (key.endswith(".weight") and any(part in key for part in LINEAR) and "norm" not in key)


def write_packed(path: Path, name: str, *, prefix: str = "", seed: int = 0) -> Path:
    """Write the tiny checkpoint in a layout, or the tensors under a prefix alone, without it; return the path."""
    state = TinyNetworks(seed).original_state()
    kept = {key.removeprefix(prefix): tensor for key, tensor in state.items() if key.startswith(prefix)}
    return write_packed_state(path, name, kept, {key for key in kept if is_packed(prefix + key, LAYOUTS[name])})


def write_packed_state(path: Path, name: str, state: Mapping[str, Tensor], chosen: Collection[str]) -> Path:
    """Write tensors, those of the chosen names packed in a layout, and return the path."""
    layout = LAYOUTS[name]
    packed = {key: layout.pack(state[key].contiguous()) for key in chosen}
    if name in GGUF_TYPES:
        shapes = {key: tuple(state[key].shape) for key in packed} if name in K_QUANTS else {}
        data = {key: (name, parts[".weight"]) for key, parts in packed.items()}
        return write_gguf(path, state, data, original_shapes=shapes)
    layers = {key.removesuffix(".weight"): parts for key, parts in packed.items()}
    beside = {layer + end: part for layer, parts in layers.items() for end, part in parts.items()}
    tensors = {**{key: each.half() for key, each in state.items()}, **beside, **layout.marks}
    own = {key: each.clone(memory_format=torch.contiguous_format) for key, each in tensors.items()}
    save_file(own, path, layout.metadata(list(layers)) or None)
    return path


def write_gguf(
    path: Path,
    plain: Mapping[str, Tensor],
    packed: Mapping[str, tuple[str, Tensor]],
    *,
    arch: str = "sd1",
    original_shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Path:
    """Write a GGUF file: tensors in float32 or float16, and bytes (rows, bytes of a row) with the names of their types."""
    writer = GGUFWriter(path, arch)
    for key, shape in (original_shapes or {}).items():
        writer.add_array(f"comfy.gguf.orig_shape.{key}", list(shape))
    for key in dict.fromkeys([*plain, *packed]):
        if key in packed:
            name, data = packed[key]
            writer.add_tensor(key, data.numpy(), raw_dtype=GGMLQuantizationType[name])
        else:
            half = plain[key].ndim > 1
            writer.add_tensor(key, plain[key].contiguous().numpy().astype(np.float16 if half else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
