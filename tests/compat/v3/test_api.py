"""What packs call of ComfyAPI inside of a node, awaited and not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from compat.v3.api import ComfyAPI_latest, ComfyAPISync_latest, Waiting
from compat.v3.node import ComfyNode
from compat.v3.schema import Schema
from compat.v3.spec import spec_of_v3
from compat.v3.widgets import Boolean
from graph.events import Preview, Progress
from graph.registry import Registry
from graph.workflow import Node, Workflow
from tests.compat.engine_runs import host, new_engine


class Counts(ComfyNode):
    @classmethod
    def define_schema(cls) -> Schema:
        return Schema("Counts", inputs=[Boolean.Input("show")], is_output_node=True)

    @classmethod
    def execute(cls, show: bool) -> None:
        image = torch.full((1, 2, 3, 3), 0.5) if show else None
        ComfyAPISync_latest().execution.set_progress(0.5, 2, preview_image=image)


class CountsAsync(Counts):
    @classmethod
    def define_schema(cls) -> Schema:
        schema = super().define_schema()
        schema.node_id = "CountsAsync"
        return schema

    @classmethod
    async def execute(cls, show: bool) -> None:
        await ComfyAPI_latest().execution.set_progress(0.5, 2)
        super().execute(show)


@pytest.fixture(autouse=True)
def _host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with host(tmp_path_factory.mktemp("base")):
        yield


def told(cls: Any, *, show: bool) -> list[Any]:
    events: list[Any] = []
    engine = new_engine(Registry.of(spec_of_v3(cls, "pack")))
    engine.run(Workflow.of(Node("7", cls.__name__, {"show": show})), emit=events.append)
    return [event for event in events if isinstance(event, Progress | Preview)]


def test_progress_is_told_by_a_plain_node() -> None:
    (progress,) = told(Counts, show=False)
    assert (progress.node_id, progress.value, progress.total) == ("7", 0.5, 2)


def test_an_async_node_may_use_both_forms() -> None:
    assert [event.value for event in told(CountsAsync, show=False)] == [0.5, 0.5]


def test_a_tensor_is_shown_as_a_picture() -> None:
    preview, _ = told(Counts, show=True)
    picture = preview.image()
    assert (picture.size, picture.getpixel((0, 0))) == ((3, 2), (127, 127, 127))


def test_outside_of_nodes_there_is_no_progress_to_tell() -> None:
    with pytest.raises(ValueError, match="No node runs here"):
        asyncio.run(ComfyAPI_latest().execution.set_progress(1, 2))


def test_the_plain_form_waits_for_what_waits_also_inside_of_a_loop() -> None:
    class Api:
        async def later(self) -> int:
            await asyncio.sleep(0)
            return 3

    async def inside() -> int:
        found: int = Waiting(Api()).later()
        return found

    assert Waiting(Api()).later() == 3
    assert asyncio.run(inside()) == 3
