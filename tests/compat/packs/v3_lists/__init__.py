"""Lists on the wires: given, taken whole, and gone through."""

import json

from comfy_api.latest import ComfyExtension, io


class Makes(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Makes",
            category="tests/v3",
            inputs=[io.Int.Input("count")],
            outputs=[io.Int.Output("numbers", is_output_list=True), io.Int.Output("count")],
        )

    @classmethod
    def execute(cls, count):
        return io.NodeOutput(list(range(count)), count)


class Adds(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Adds",
            category="tests/v3",
            inputs=[io.Int.Input("a"), io.Int.Input("b", default=10)],
            outputs=[io.Int.Output()],
        )

    @classmethod
    def execute(cls, a, b):
        return io.NodeOutput(a + b)


class Whole(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        part = io.Autogrow.TemplatePrefix(io.AnyType.Input("part"), prefix="part", min=0, max=3)
        return io.Schema(
            node_id="V3 Whole",
            category="tests/v3",
            inputs=[
                io.Int.Input("numbers"),
                io.Int.Input("scale", default=2),
                io.Autogrow.Input("parts", part),
                io.DynamicCombo.Input(
                    "mode", options=[io.DynamicCombo.Option("on", [io.Int.Input("n")])], optional=True
                ),
            ],
            outputs=[io.String.Output()],
            is_input_list=True,
        )

    @classmethod
    def execute(cls, **inputs):
        return io.NodeOutput(json.dumps(inputs, sort_keys=True))


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Makes, Adds, Whole]


async def comfy_entrypoint():
    return Extension()
