"""All that execute may return, and what may go wrong."""

import asyncio
from typing import ClassVar

from comfy_api.latest import ComfyAPI, ComfyExtension, io
from comfy_execution.graph_utils import ExecutionBlocker, GraphBuilder


class Returns(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Returns",
            category="tests/v3",
            inputs=[io.String.Input("form")],
            outputs=[io.String.Output("a"), io.Int.Output("b", display_name="B")],
        )

    @classmethod
    def execute(cls, form):
        return {
            "output": lambda: io.NodeOutput("x", 1),
            "ui": lambda: io.NodeOutput("x", 1, ui={"text": ["shown"]}),
            "tuple": lambda: ("x", 1),
            "dict": lambda: {"result": ("x", 1), "ui": {"text": ["shown"]}},
            "more": lambda: io.NodeOutput("x", 1, 2),
            "list": lambda: ["x", 1],
            "text": lambda: "x",
            "expand": lambda: io.NodeOutput("x", 1, expand={}),
            "blocker": lambda: io.NodeOutput("x", ExecutionBlocker("b is blocked")),
            "block": lambda: io.NodeOutput(block_execution="stop"),
            "block values": lambda: io.NodeOutput("x", 1, block_execution="stop"),
            "blocker alone": lambda: ExecutionBlocker("stop"),
            "silent": lambda: ExecutionBlocker(None),
            "nothing": lambda: io.NodeOutput(),
            "short": lambda: io.NodeOutput("x"),
            "raise": lambda: cls.fail(form),
            "set": lambda: setattr(cls, "kept", form),
            "name": lambda: io.NodeOutput(cls.__name__, cls.numbers.append(1) or len(cls.numbers)),
        }[form]()

    numbers: ClassVar = []  # an object of the class: it is the same in each call

    @classmethod
    def fail(cls, form):
        raise ValueError(f"this is {form}")


class Expands(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Expands",
            category="tests/v3",
            inputs=[io.Int.Input("count"), io.AnyType.Input("value")],
            outputs=[io.AnyType.Output()],
            enable_expand=True,
        )

    @classmethod
    def execute(cls, count, value):
        if count == 0:
            return io.NodeOutput(value)
        graph = GraphBuilder()
        inner = graph.node("V3 Expands", count=count - 1, value=value)
        return io.NodeOutput(inner.out(0), expand=graph.finalize())


class Hidden(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Hidden",
            category="tests/v3",
            inputs=[io.Int.Input("n")],
            outputs=[io.Dict.Output()],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt, io.Hidden.extra_pnginfo, io.Hidden.dynprompt],
        )

    @classmethod
    def execute(cls, n):
        hidden = cls.hidden
        return io.NodeOutput(
            {
                "id": hidden.unique_id,
                "prompt": sorted(hidden.prompt),
                "extra": hidden.extra_pnginfo,
                "known": hidden.dynprompt.has_node(hidden.unique_id),
                "token": hidden.auth_token_comfy_org,
                "other": hidden.no_such_thing,
            }
        )


class AllInputs(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 AllInputs",
            category="tests/v3",
            inputs=[io.Int.Input("n")],
            outputs=[io.AnyType.Output()],
            accept_all_inputs=True,
        )

    @classmethod
    def execute(cls, n, **more):
        return io.NodeOutput({"n": n, **more})


class Later(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="V3 Later", category="tests/v3", inputs=[io.Int.Input("n")], outputs=[io.Int.Output()])

    @classmethod
    async def execute(cls, n):
        await asyncio.sleep(0)
        await ComfyAPI().execution.set_progress(n, 10)
        return io.NodeOutput(n)


class Nothing(io.ComfyNode):
    """An output node that gives and shows nothing."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Nothing", category="tests/v3", inputs=[io.AnyType.Input("value")], is_output_node=True
        )

    @classmethod
    def execute(cls, value):
        return None


class Same(io.ComfyNode):
    """Equal nodes do not share a result."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Same",
            category="tests/v3",
            inputs=[io.Int.Input("n")],
            outputs=[io.Int.Output()],
            not_idempotent=True,
        )

    @classmethod
    def execute(cls, n):
        return io.NodeOutput(n)


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Returns, Expands, Hidden, AllInputs, Later, Nothing, Same]


async def comfy_entrypoint():
    return Extension()
