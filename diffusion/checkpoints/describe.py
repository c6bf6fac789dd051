"""What a file of models is, from its header alone: kind, family, networks, precision, number of weights, metadata.

    found = describe(path)
    found.kind, found.title     # "checkpoint", "Stable Diffusion XL"
    found.precision             # "F16, 3 % F32"

Nothing is refused: a file that is no model, or that is damaged, has a note which says so. To tell another kind of file, write
a look and name it in LOOKS.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from diffusion.checkpoints.description import DAMAGED, PICKLED, SHARD, UNKNOWN, Description, architecture_of
from diffusion.checkpoints.detect import detect
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.look_beside import (
    look_at_control,
    look_at_embedding,
    look_at_ip_adapter,
    look_at_lora,
    look_at_patch,
    look_at_style,
    look_at_upscaler,
    look_at_vision,
)
from diffusion.checkpoints.look_networks import look_at_encoder, look_at_network, look_at_tiny_vae, look_at_vae
from diffusion.checkpoints.pickles import is_pickle
from diffusion.checkpoints.several_files import Shard, describe_folder, shard_of
from diffusion.errors import CheckpointError

LOOKS: tuple[Callable[[Header], Description | None], ...] = (
    look_at_ip_adapter,
    look_at_lora,
    look_at_embedding,
    look_at_patch,
    look_at_control,
    look_at_network,
    look_at_vae,
    look_at_tiny_vae,
    look_at_vision,
    look_at_encoder,
    look_at_style,
    look_at_upscaler,
)
NO_SHAPES = (IndexError, ValueError, TypeError, ZeroDivisionError)  # what readers of sizes meet in shapes of no network
PICKLE_NOTE = (
    "It is not opened: a pickle file can run any program. Loaders of upscalers, ControlNets, tiny VAEs and embeddings read its "
    "tensors all the same; a checkpoint must be a safetensors file."
)
LEAST_SHARE = 0.005  # of the weights: rarer precisions are not told


def describe(path: Path) -> Description:
    """Return what a file or a folder is; OSError if it cannot be read."""
    if path.is_dir():
        return describe_folder(path)
    nbytes = path.stat().st_size
    if is_pickle(path):
        return Description(PICKLED, nbytes=nbytes, note=PICKLE_NOTE)
    try:
        header = read_header(path)
    except CheckpointError as error:
        return Description(DAMAGED, nbytes=nbytes, note=str(error))
    shard = shard_of(path)
    return describe_header(header) if shard is None else _describe_shard(header, shard)


def describe_header(header: Header) -> Description:
    """Return what a header tells."""
    return replace(
        _what(header),
        precision=precision_of(header),
        parameters=sum(math.prod(info.shape) for info in header.tensors.values()),
        nbytes=header.nbytes,
        metadata=header.metadata,
    )


def _describe_shard(header: Header, shard: Shard) -> Description:
    """Return what a part of a model is: sizes and precision are its own, the family is that of all parts together."""
    own = describe_header(header)
    try:
        whole = _what(shard.whole())
    except CheckpointError:
        return replace(own, kind=SHARD, title="", networks=(), details=(), note=shard.note(""))
    what = f" ({whole.words})" if whole.title else ""
    return replace(own, kind=SHARD, title=whole.title, networks=whole.networks, details=(), note=shard.note(what))


def precision_of(header: Header) -> str:
    """Return the precisions of the weights, the one of most first, the others with their share."""
    counts: Counter[str] = Counter()
    for info in header.tensors.values():
        counts[info.dtype] += math.prod(info.shape)
    total = counts.total()
    (first, _), *others = counts.most_common() or [("", 0)]
    shares = [(dtype, count / total) for dtype, count in others if total and count / total >= LEAST_SHARE]
    return ", ".join([first, *(f"{max(1, round(share * 100))} % {dtype}" for dtype, share in shares)])


def _what(header: Header) -> Description:
    try:
        found = next(filter(None, (look(header) for look in LOOKS)), None)
        if found is None:
            detect(header)  # says what was seen and what is nearest
    except CheckpointError as error:
        return Description(UNKNOWN, architecture_of(header), note=str(error))
    except NO_SHAPES:
        note = f"{header.path.name}: its names are those of a known network, its shapes are not; it may be damaged."
        return Description(UNKNOWN, architecture_of(header), note=note)
    return found or Description(UNKNOWN)
