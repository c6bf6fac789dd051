"""Calls whose results are the same in ComfyUI and here: run there by record.py, and here by test_facts.py."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import torch


def ramp(*shape: int) -> torch.Tensor:
    """Return numbers in 0..1 that repeat with no pattern of the shape's."""
    count = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return ((count * 0.7548776662466927) % 1).float().reshape(shape)


def _numbers(tensor: torch.Tensor) -> dict[str, Any]:
    """Return shape and sums, which tell any difference that matters."""
    flat = tensor.double().flatten()
    weights = torch.arange(1, flat.numel() + 1, dtype=torch.float64) % 17
    return {"shape": list(tensor.shape), "sum": round(float(flat.sum()), 3), "weighed": round(float(flat @ weights), 2)}


def _double(tile: torch.Tensor) -> torch.Tensor:
    """Return a tile twice as large, that differs by what is in the tile."""
    large = tile.repeat_interleave(2, -1).repeat_interleave(2, -2)
    return large + tile.mean()


def upscaling() -> Iterator[tuple[str, Any]]:
    """Resize in every way."""
    upscale = importlib.import_module("comfy.utils").common_upscale
    methods = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp", "lanczos")
    for method, crop in product(methods, ("disabled", "center")):
        for channels in (1, 3, 4) if method == "lanczos" else (4,):
            yield f"{method} {crop} {channels}", _numbers(upscale(ramp(2, channels, 5, 9), 6, 4, method, crop))
    yield "frames", _numbers(upscale(ramp(2, 4, 3, 5, 9), 6, 4, "bilinear", "center"))
    yield "bislerp", _numbers(importlib.import_module("comfy.utils").bislerp(ramp(1, 4, 6, 6), 9, 3))


def tiles() -> Iterator[tuple[str, Any]]:
    """Compute in tiles, in one, two and three dimensions, up and down."""
    utils = importlib.import_module("comfy.utils")
    for size, tile, overlap in ((20, 8, 2), (17, 8, 3), (8, 8, 2), (9, 8, 4)):
        result = utils.tiled_scale(ramp(2, 3, size, size + 3), _double, tile, tile, overlap, 2, 3)
        yield f"two {size} {tile} {overlap}", _numbers(result)
    one = utils.tiled_scale_multidim(ramp(1, 2, 30), lambda part: part * 2 + part.mean(), (8,), 3, 1, 2)
    yield "one", _numbers(one)
    halve = torch.nn.AvgPool3d(2)
    down = utils.tiled_scale_multidim(
        ramp(1, 2, 8, 12, 14), halve, (4, 6, 6), (2, 2, 2), 2, 2, downscale=True, index_formulas=2
    )
    yield "three down", _numbers(down)
    for width, height, tile, overlap in product((64, 65, 200), (64, 130), (64, 96), (8, 16)):
        yield (
            f"steps {width} {height} {tile} {overlap}",
            utils.get_tiled_scale_steps(width, height, tile, tile, overlap),
        )


def batches() -> Iterator[tuple[str, Any]]:
    """Bring batches, lists and masks to a size."""
    utils = importlib.import_module("comfy.utils")
    for size, wanted in product((1, 2, 5), (1, 3, 7)):
        yield f"repeat {size} {wanted}", utils.repeat_to_batch_size(torch.arange(size), wanted).tolist()
        yield f"spread {size} {wanted}", utils.resize_to_batch_size(torch.arange(size), wanted).tolist()
        yield f"list {size} {wanted}", utils.resize_list_to_batch_size(list(range(size)), wanted)
    yield "repeat dim 1", utils.repeat_to_batch_size(torch.arange(6).reshape(2, 3), 5, dim=1).tolist()
    yield "mask 2", _numbers(utils.reshape_mask(ramp(2, 6, 8), (4, 3, 5, 5)))
    yield "mask 3", _numbers(utils.reshape_mask(ramp(3, 6, 8), (2, 4, 5, 5, 5)))
    packed, shapes = utils.pack_latents([ramp(2, 3, 4), ramp(2, 5)])
    yield "pack", [_numbers(packed), *(_numbers(part) for part in utils.unpack_latents(packed, shapes))]


def names() -> Iterator[tuple[str, Any]]:
    """Rename, count, hash."""
    utils = importlib.import_module("comfy.utils")
    tensors = {"a.x": torch.zeros(2, 3), "a.y": torch.zeros(4, dtype=torch.float16), "b": torch.zeros(5)}
    yield "count", [utils.calculate_parameters(tensors), utils.calculate_parameters(tensors, "a.")]
    yield "dtype", [str(utils.weight_dtype(tensors, prefix)) for prefix in ("", "a.", "c")]
    yield "prefix", list(utils.state_dict_prefix_replace(dict(tensors), {"a.": "z.", "b": "q"}))
    kept = dict(tensors)
    yield "filter", [list(utils.state_dict_prefix_replace(kept, {"a.": ""}, filter_keys=True)), list(kept)]
    yield "keys", list(utils.state_dict_key_replace(dict(tensors), {"b": "c", "none": "d"}))
    yield "seed", [utils.string_to_seed(text) for text in ("", "cat", "ã Ω 猫", b"cat")]
    yield "bits", [utils.bit_reverse_range(index, 4) for index in range(16)]


def helpers() -> Iterator[tuple[str, Any]]:
    """Set values of conditionings; fit channels."""
    node_helpers = importlib.import_module("node_helpers")
    conds = [["e", {"a": [1]}], ["f", {"start_percent": 0.2, "end_percent": 0.6}]]
    yield "set", node_helpers.conditioning_set_values(conds, {"a": [2], "b": 3})
    yield "append", node_helpers.conditioning_set_values(conds, {"a": [2]}, append=True)
    for start, end in ((0.0, 1.0), (0.1, 0.5), (0.3, 0.4), (0.7, 0.9), (0.5, 0.1)):
        name = "conditioning_set_values_with_timestep_range"
        yield f"range {start} {end}", getattr(node_helpers, name)(conds, {"c": 1}, start, end)
    for channels in (3, 4):
        fitted = node_helpers.image_alpha_fix(ramp(1, 2, 2, channels), ramp(1, 2, 2, 7 - channels))
        yield f"alpha {channels}", [_numbers(image) for image in fitted]
    yield "dtypes", [str(node_helpers.string_to_torch_dtype(name)) for name in ("fp32", "fp16", "bf16", "x")]
    yield "hash", node_helpers.hasher()(b"weft").hexdigest()


def types() -> Iterator[tuple[str, Any]]:
    """Compare socket types; build graphs."""
    validation = importlib.import_module("comfy_execution.validation")
    io = importlib.import_module("comfy.comfy_types").IO
    words = ("INT", "FLOAT,INT", "STRING", "*", "INT, STRING", "COMBO", "COMFY_MATCHTYPE_V3", ["a"])
    for received, wanted, strict in product(words, words[:-1], (False, True)):
        yield f"{received} {wanted} {strict}", validation.validate_node_input(received, wanted, strict)
    for kind, word in product((io.ANY, io.INT, io.NUMBER, io.PRIMITIVE), ("*", "INT", "FLOAT,INT", "IMAGE", 3)):
        yield f"{kind} != {word}", kind != word
    utils = importlib.import_module("comfy_execution.graph_utils")
    graph = utils.GraphBuilder(prefix="7.")
    first = graph.node("A", x=1)
    graph.node("B", "b", image=first.out(0), gone=first.out(1)).set_override_display_id("3")
    graph.replace_node_output("1", 0, ["9", 2])
    graph.replace_node_output("1", 1, None)
    yield "graph", graph.finalize()
    yield "prefix", utils.add_graph_prefix(graph.finalize(), [["7.1", 0], 5], "q.")
    yield "links", [utils.is_link(value) for value in (["a", 0], ["a", 0.0], [1, 0], ["a"], ("a", 0), "a")]


def files() -> Iterator[tuple[str, Any]]:
    """Find files, and names that are free."""
    paths = importlib.import_module("folder_paths")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "sub").mkdir()
        for name in ("a.safetensors", "B.CKPT", "c.txt", "sub/d.pt", "cat_00007_.png", "cat_x.png", "cat.png"):
            (root / name).touch()
        paths.add_model_folder_path("weft_test", folder)
        yield "all", paths.get_filename_list("weft_test")
        paths.folder_names_and_paths["weft_test"] = ([folder], {".pt", ".ckpt"})
        paths.filename_list_cache.clear()
        yield "some", paths.get_filename_list("weft_test")
        found = [paths.get_full_path("weft_test", name) for name in ("sub/d.pt", "../sub/d.pt", "none")]
        yield "full", [None if path is None else os.path.relpath(path, root) for path in found]
        for prefix in ("cat", "dog", "new/%width%x%height%", "cat_"):
            place = paths.get_save_image_path(prefix, folder, 64, 32)
            yield f"save {prefix}", [os.path.relpath(place[0], root), *place[1:]]
        yield "extensions", paths.filter_files_extensions(["b.PT", "a.pt", "c"], {".pt"})
        del paths.folder_names_and_paths["weft_test"]
    given = ["a.png", "b.mp4", "c.mp3", "d.glb", "e.webp", "f", "g.fbx", "h.JPG"]
    for kind in ("image", "video", "audio", "model"):
        yield kind, paths.filter_files_content_types(given, [kind])
    for name in ("a [output]", "a.png [temp]", "[input]", "a"):
        short, place = paths.annotated_filepath(name)
        yield name, [short, place is not None]
    yield "users", [bool(paths.get_public_user_directory(name)) for name in ("default", "__system", "")]
    for kind in ("text/html; charset=utf-8", "IMAGE/SVG+XML", "image/png", "application/rss+xml", "", None):
        yield str(kind), [paths.is_dangerous_content_type(kind), paths.renders_safely_as_image(kind, "image")]


GROUPS: dict[str, Callable[[], Iterator[tuple[str, Any]]]] = {
    "upscaling": upscaling,
    "tiles": tiles,
    "batches": batches,
    "names": names,
    "helpers": helpers,
    "types": types,
    "files": files,
}
