"""Packed tensors: few bytes that look like the plain tensor, moved and kept as they are, unpacked by what needs numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from diffusion.packed import PackedError, PackedTensor, on_parts, packed_in, replace_data, unpacked
from diffusion.packings.scaled import Scaled
from diffusion.quantize import Resolved, unpack_where_packed

DATA = torch.arange(-20, 20, dtype=torch.int8).reshape(5, 8)
PLAIN = DATA.float() * 0.5


def weight(dtype: torch.dtype = torch.float32) -> PackedTensor:
    return PackedTensor(Scaled("int8"), [DATA, torch.tensor(0.5)], (5, 8), dtype)


def test_it_has_the_shape_and_precision_that_it_unpacks_to_and_the_bytes_that_it_takes() -> None:
    tensor = weight(torch.float16)
    assert (tensor.shape, tensor.dtype, tensor.nbytes) == ((5, 8), torch.float16, 44)
    assert torch.equal(tensor.unpack(), PLAIN.half())
    assert torch.equal(unpacked(tensor, torch.float32), PLAIN)
    assert tensor.unpack(torch.bfloat16).dtype == torch.bfloat16


def test_copies_views_and_parameters_stay_packed() -> None:
    tensor = weight()
    parameter = nn.Parameter(tensor, requires_grad=False)
    assert isinstance(parameter, nn.Parameter)
    for each in (
        parameter,
        tensor.detach(),
        tensor.clone(),
        tensor.to("meta"),
        tensor.to("cpu", copy=True),
        tensor[1:],
    ):
        assert isinstance(each, PackedTensor)
    assert tensor.to("cpu", copy=True).parts[0].data_ptr() != DATA.data_ptr()
    assert tensor.reshape(5, 8, 1).shape == (5, 8, 1)
    assert isinstance(tensor.reshape(5, 8, 1), PackedTensor)
    for plain in (tensor.reshape(8, 5), tensor.reshape(8, 5)[1:], tensor[:, 1:], tensor[::2]):
        assert not isinstance(plain, PackedTensor)


def test_what_needs_numbers_unpacks() -> None:
    tensor, x = weight(), torch.ones(2, 8)
    assert torch.equal(nn.functional.linear(x, tensor), x @ PLAIN.t())
    assert torch.equal(tensor + 1, PLAIN + 1)
    assert torch.equal(weight(torch.float16).float(), PLAIN)  # not by way of float16
    assert weight(torch.float16).float().dtype == torch.float32


def test_it_cannot_be_changed_in_place() -> None:
    with pytest.raises(PackedError, match="unpack it first"):
        weight().add_(1)


def test_its_place_can_be_taken_by_what_lies_on_another_device() -> None:
    target = nn.Parameter(weight(), requires_grad=False)
    replace_data(target, weight().to("meta"))
    assert target.device == torch.device("meta")
    assert target.to("meta").device == torch.device("meta")
    replace_data(target, on_parts(weight(), torch.clone))
    assert torch.equal(target.unpack(), PLAIN)
    plain = nn.Parameter(torch.zeros(2))
    replace_data(plain, torch.ones(2))
    assert plain.tolist() == [1, 1]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_layers_see_plain_weights_while_they_are_called(dtype: torch.dtype) -> None:
    layer = nn.Linear(8, 5, bias=False)
    layer.weight = nn.Parameter(weight(torch.float16), requires_grad=False)
    seen: list[Tensor] = []
    unpack_where_packed(layer, Resolved(dtype, dtype))
    layer.register_forward_pre_hook(lambda module, args: seen.append(module.weight))
    result = layer(torch.ones(2, 8, dtype=dtype))
    assert [(type(each), each.dtype) for each in seen] == [(nn.Parameter, dtype)]
    assert torch.equal(result, torch.ones(2, 8, dtype=dtype) @ PLAIN.to(dtype).t())
    assert [(name, each.dtype) for _, name, each in packed_in(layer)] == [("weight", dtype)]


def test_networks_without_packed_weights_get_no_hooks() -> None:
    layer = nn.Linear(8, 5)
    unpack_where_packed(layer, Resolved(torch.float32, torch.float32))
    assert not layer._forward_pre_hooks


def test_whole_modules_move_with_packed_weights() -> None:
    layer = nn.Linear(8, 5, bias=False)
    layer.weight = nn.Parameter(weight(), requires_grad=False)
    moved = layer.to("meta").weight
    assert isinstance(moved, PackedTensor)
    assert moved.device == torch.device("meta")
