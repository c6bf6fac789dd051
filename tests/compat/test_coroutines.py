"""Coroutines of packs run without gradients, and only they do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import torch

from compat.coroutines import WithoutGradients, result_of


async def seen_with(gate: asyncio.Event) -> list[bool]:
    before = torch.is_grad_enabled()
    await gate.wait()
    return [before, torch.is_grad_enabled()]


def test_gradients_are_off_while_the_coroutine_works_and_not_while_it_waits() -> None:
    async def both() -> tuple[Any, bool, bool]:
        gate = asyncio.Event()

        async def node() -> list[bool]:
            return await WithoutGradients(seen_with(gate))

        task = asyncio.create_task(node())
        await asyncio.sleep(0)
        meanwhile = torch.is_grad_enabled()
        gate.set()
        return await task, meanwhile, torch.is_grad_enabled()

    assert asyncio.run(both()) == ([False, False], True, True)


def test_what_is_raised_goes_in_and_out() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "was asked to end"
        return "slept"

    async def cancel() -> str:
        async def node() -> str:
            return await WithoutGradients(stubborn())

        task = asyncio.create_task(node())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    assert asyncio.run(cancel()) == "was asked to end"


async def later(value: int) -> int:
    await asyncio.sleep(0)
    if value < 0:
        raise ValueError("too small")
    return value


def test_a_coroutine_has_a_result_with_a_loop_and_without() -> None:
    async def within() -> int:
        return result_of(later(2))

    async def failing() -> None:
        result_of(later(-1))

    assert result_of(1) == 1
    assert result_of(later(1)) == 1
    assert asyncio.run(within()) == 2
    with pytest.raises(ValueError, match="too small"):
        asyncio.run(failing())
