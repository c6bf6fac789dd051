"""Inputs that are made only if the node asks for them, also those that others open."""

import json

from comfy_api.latest import ComfyExtension, io


class Lazy(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Lazy",
            category="tests/v3",
            inputs=[
                io.Boolean.Input("which"),
                io.AnyType.Input("on_true", lazy=True),
                io.AnyType.Input("on_false", lazy=True, optional=True),
            ],
            outputs=[io.AnyType.Output()],
        )

    @classmethod
    def check_lazy_status(cls, which, on_true=None, on_false=None):
        wanted = "on_true" if which else "on_false"
        return [wanted] if (on_true if which else on_false) is None else []

    @classmethod
    def execute(cls, which, on_true=None, on_false=None):
        return io.NodeOutput(on_true if which else on_false)


class LazyGrowing(io.ComfyNode):
    """What check_lazy_status sees is told with the result."""

    @classmethod
    def define_schema(cls):
        item = io.Autogrow.TemplatePrefix(io.AnyType.Input("item", lazy=True), prefix="item", min=1, max=3)
        return io.Schema(
            node_id="V3 LazyGrowing",
            category="tests/v3",
            inputs=[io.Int.Input("index"), io.Autogrow.Input("items", item)],
            outputs=[io.AnyType.Output()],
        )

    @classmethod
    def check_lazy_status(cls, index, items):
        value, name = items[f"item{index}"]
        return [name] if value is None else []

    @classmethod
    def execute(cls, index, items):
        return io.NodeOutput(json.dumps(items, sort_keys=True))


class LazyAsync(io.ComfyNode):
    """Nothing is asked for twice."""

    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 LazyAsync",
            category="tests/v3",
            inputs=[io.AnyType.Input("a", lazy=True), io.AnyType.Input("b", lazy=True, optional=True)],
            outputs=[io.AnyType.Output()],
        )

    @classmethod
    async def check_lazy_status(cls, **inputs):
        return [name for name, value in inputs.items() if value is None]

    @classmethod
    async def execute(cls, a, b=None):
        return io.NodeOutput([a, b])


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Lazy, LazyGrowing, LazyAsync]


async def comfy_entrypoint():
    return Extension()
