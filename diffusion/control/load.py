"""From a file to a network that steers.

net = load_control_net(path)
net = load_control_net(path, base=model)  # of a file that holds the difference to a model
net.bound_to(model)  # with what it needs of the model that it steers; most need nothing
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from diffusion.checkpoints.alone import Alone, load_alone
from diffusion.checkpoints.fill import TensorFile, Weights, header_of
from diffusion.checkpoints.header import Header
from diffusion.checkpoints.part import Part
from diffusion.checkpoints.pickles import open_any
from diffusion.checkpoints.source import Keep, file_digest
from diffusion.checkpoints.views import as_view
from diffusion.control.control_lora import ControlLora, read_control_lora
from diffusion.control.flux import read_flux_control
from diffusion.control.net import ControlNet, Found
from diffusion.control.qwen_image import read_qwen_control
from diffusion.control.sd3 import read_sd3_control
from diffusion.control.sd35 import MARK as SD35_MARK
from diffusion.control.sd35 import picture_kind, read_sd35_control
from diffusion.control.sizes import control_part, layout_of, read_sizes, traits_of
from diffusion.control.t2i import adapter_part, adapter_traits, read_adapter
from diffusion.errors import CheckpointError
from diffusion.handles import Absent, joined_digest
from diffusion.models import Model
from diffusion.packed import unpacked
from diffusion.quantize import Precision

CONTROL = "control"  # what the networks of a file are called
DIFFERENCE = "difference"  # an empty tensor of this name says that the base model's weights are to be added
POOLED_ENDS = ("_shuffle", "_shuffle_fp16")  # files whose outputs are averaged, told by their names only (ComfyUI)
OTHERS: Mapping[str, str] = {  # names of tensors, and what such a file is
    SD35_MARK: "a ControlNet of Stable Diffusion 3.5 Medium in Stability's layout",
    "control_img_in.weight": "a Fun ControlNet of Qwen-Image",
    "controlnet_blocks.0.linear.weight": "a MistoLine ControlNet of Flux",
    "lllite_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.down.0.weight": "a ControlNet-LLLite",
}
TRANSFORMERS: Sequence[Callable[[Header], Found | None]] = (read_flux_control, read_sd3_control, read_qwen_control)
SHOWN_NAMES = 3
PLAIN = Precision()


def load_control_net(
    path: Path,
    *,
    base: Model | None = None,
    precision: Precision = PLAIN,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> ControlNet:
    """Load a ControlNet or a T2I-Adapter; keep: as load_checkpoint has it.

    base: the model whose weights are added to those of a file that says that it holds their difference.
    """
    weights = open_any(path)
    lora = read_control_lora(weights.header)
    if lora is not None:
        return _control_lora(weights, lora, precision, keep)
    found = read_sd35_control(weights.header, picture_kind(weights)) or read_control(weights.header)
    kind = CONTROL
    if DIFFERENCE in weights.header.tensors:
        if base is None:
            raise CheckpointError(
                f"{path.name}: this ControlNet is stored as the difference to a model; load it with DiffControlNetLoader, "
                "which takes the model."
            )
        weights, kind = _with_base(weights, found.part, base), joined_digest(CONTROL, base.digest) or CONTROL
    loaded = load_alone(weights, found.part, kind, precision, device=device, keep=keep)
    is_pooled = path.stem.endswith(POOLED_ENDS)
    return ControlNet(
        loaded.module,
        found.traits,
        loaded.digest,
        precision.computed,
        loaded.keeper,
        is_pooled,
        borrows=found.borrows,
    )


def _control_lora(weights: Weights, found: Found, precision: Precision, keep: Keep | None) -> ControlNet:
    def load_ends(dtype: torch.dtype, device: torch.device) -> Alone:
        return load_alone(weights, found.part, CONTROL, precision._replace(computed=dtype), device=device, keep=keep)

    digest = f"{file_digest(weights.header, None)} {CONTROL}"
    absent: Any = Absent("A Control-LoRA is made of the model that it steers, and has no network before that is known.")
    return ControlNet(absent, found.traits, digest, borrows=ControlLora(weights, load_ends, digest))


def read_control(header: Header) -> Found:
    """Return the network that a file holds, from names and shapes alone; CheckpointError if none is known."""
    of_model = read_control_lora(header) or read_sd35_control(header)
    if of_model is not None:
        return of_model
    layout = layout_of(header)
    if layout is not None:
        sizes = read_sizes(header, layout)
        return Found(control_part(sizes, layout), traits_of(sizes))
    for read in TRANSFORMERS:
        found = read(header)
        if found is not None:
            return found
    adapter = read_adapter(header)
    if adapter is not None:
        return Found(adapter_part(*adapter), adapter_traits(adapter[0]))
    kind = next((kind for name, kind in OTHERS.items() if name in header.tensors), None)
    names = ", ".join(list(header.tensors)[:SHOWN_NAMES])
    raise CheckpointError(
        f"{header.path.name}: no ControlNet that is known and no T2I-Adapter is in this file. "
        + (f"It looks like {kind}, which is not supported. " if kind else "")
        + f"Seen: {len(header.tensors)} tensors, such as {names}."
    )


def _with_base(weights: Weights, part: Part, base: Model) -> Weights:
    """Return the weights with those of a model added where both have the same layer."""
    module = part.outline()
    own, keys = base.backbone.state_dict(), part.keys(module)
    tensors = {name: unpacked(weights.get(name)) for name in weights.header.tensors}
    for name, source in keys.items():
        if name in own:
            key = as_view(source).key
            tensors[key] = (tensors[key].float() + own[name].to("cpu", torch.float32)).to(tensors[key].dtype)
    header = replace(weights.header, tensors=header_of(tensors).tensors, packed={})
    return Weights(header, TensorFile(tensors))
