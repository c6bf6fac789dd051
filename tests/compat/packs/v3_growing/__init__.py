"""Inputs that are several: by a prefix, by names, of values and of links."""

import json

from comfy_api.latest import ComfyExtension, io


def as_text(value):
    return json.dumps(value, sort_keys=True, default=lambda other: type(other).__name__)


def node(name, *inputs):
    class Growing(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id=f"V3 {name}", category="tests/v3", inputs=list(inputs), outputs=[io.String.Output()]
            )

        @classmethod
        def execute(cls, **inputs):
            return io.NodeOutput(as_text(inputs))

    Growing.__name__ = name
    return Growing


def prefixed(one, **options):
    return io.Autogrow.TemplatePrefix(one, prefix="item", **options)


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [
            node(
                "Grow", io.Autogrow.Input("items", prefixed(io.AnyType.Input("item"), min=2, max=4)), io.Int.Input("n")
            ),
            node("GrowNumbers", io.Autogrow.Input("items", prefixed(io.Int.Input("item", default=1), min=0, max=3))),
            node("GrowFree", io.Autogrow.Input("items", prefixed(io.Image.Input("item", optional=True), min=2))),
            node(
                "GrowNamed",
                io.Autogrow.Input(
                    "items",
                    io.Autogrow.TemplateNames(io.String.Input("item"), names=["left", "right", "top"], min=1),
                    tooltip="up to three",
                ),
            ),
        ]


async def comfy_entrypoint():
    return Extension()
