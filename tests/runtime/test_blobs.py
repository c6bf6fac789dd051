"""Results as bytes: what comes back is what went in, bit for bit; what means something here only is not stored."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffusion.clip_vision import VisionOutput
from diffusion.conditioning import Area, Cond, PercentArea
from diffusion.forward import SeedNoise
from diffusion.latents import Latent
from diffusion.models import Model
from diffusion.unclip import SeenPicture
from graph.results import Result, Values
from runtime.blobs import ResultCodec

CODEC = ResultCodec()
DTYPES = (
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


class Pair(NamedTuple):
    first: Any
    second: Any


def result(*values: Any, **more: Any) -> Result:
    return Result(tuple(Values((value,)) for value in values), **more)


def again(value: Any) -> Any:
    data = CODEC.encode(result(value))
    assert data is not None
    return CODEC.decode(data).outputs[0].value


def bits(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


@given(PLAIN)
def test_plain_values_come_back_with_their_types(value: Any) -> None:
    found = again(value)
    assert found == value
    assert repr(found) == repr(value)  # 1, 1.0 and True are equal


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_bit_of_a_tensor_comes_back(dtype: torch.dtype) -> None:
    random = torch.randint(0, 2 if dtype == torch.bool else 256, (64,), dtype=torch.uint8)
    tensor = random.view(dtype).reshape(-1, 2)  # NaN and infinities among them
    found = again(tensor)
    assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
    assert bits(found) == bits(tensor)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(3.5),
        torch.zeros(0, 4),
        torch.arange(24.0).reshape(2, 3, 4).movedim(1, -1),
        torch.arange(24.0).reshape(2, 3, 4)[:, 1:, ::2],
        torch.arange(3.0).expand(5, 3),
        torch.arange(12.0).reshape(1, 3, 2, 2).to(memory_format=torch.channels_last),
    ],
    ids=["scalar", "empty", "moved", "cut", "expanded", "channels last"],
)
def test_shape_and_dense_strides_come_back(tensor: torch.Tensor) -> None:
    found = again(tensor)
    assert torch.equal(found, tensor)
    if tensor.numel() and torch.empty_like(tensor).stride() == tensor.stride() and 0 not in tensor.stride():
        assert found.stride() == tensor.stride()


def test_latents_and_conditionings_come_back() -> None:
    mask = torch.rand(1, 8, 8)
    latent = Latent(torch.rand(1, 4, 8, 8), mask.unsqueeze(0), (2, 0))
    seen = SeenPicture(VisionOutput(torch.rand(1, 4), torch.rand(1, 5, 8), torch.rand(1, 5, 8)), 0.5, 0.2)
    conds = (
        Cond(
            *(torch.rand(1, 77, 8), torch.rand(1, 8), Area(1, 2, 3, 4), mask, 0.5, True, 0.7, 0.1, 0.9),
            extras={"unclip_conditioning": (seen,)},
        ),
        Cond(torch.rand(1, 77, 8), area=PercentArea(0.1, 0.2, 0.3, 0.4)),
    )
    data = CODEC.encode(result(latent, conds, SeedNoise(7)))
    assert data is not None
    found = CODEC.decode(data)
    assert torch.equal(found.outputs[0].value.samples, latent.samples)
    assert found.outputs[0].value.batch_index == (2, 0)
    first, second = found.outputs[1].value
    assert type(first) is Cond
    assert torch.equal(first.mask, mask)
    assert (first.area, second.area) == (conds[0].area, conds[1].area)
    assert (type(first.area), type(second.area), first.set_area_to_bounds) == (Area, PercentArea, True)
    (picture,) = first.extras["unclip_conditioning"]
    assert torch.equal(picture.clip_vision_output.image_embeds, seen.clip_vision_output.image_embeds)
    assert (picture.strength, picture.noise_augmentation) == (0.5, 0.2)
    assert found.outputs[2].value == SeedNoise(7)


def test_lists_what_is_shown_and_named_outputs_come_back() -> None:
    made = Result((Values((1, 2), is_list=True), Values(("a",))), {"texts": ["é"]}, Pair)
    data = CODEC.encode(made)
    assert data is not None
    found = CODEC.decode(data)
    assert found == made
    assert found.value == Pair([1, 2], "a")


def test_tensors_that_share_memory_are_stored_each() -> None:
    base = torch.arange(8.0)
    first, second = again([base, base[2:4]])
    assert torch.equal(first, base)
    assert torch.equal(second, base[2:4])


def test_what_means_something_in_this_process_only_is_not_stored(tiny_model: Model) -> None:
    strange = [tiny_model, object(), {1: 2}, {1, 2}, Pair(1, 2), torch.zeros(2, 2).to_sparse(), print]
    assert [CODEC.encode(result(value)) for value in strange] == [None] * len(strange)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_result_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        CODEC.decode(data)
