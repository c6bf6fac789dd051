"""Choices that open inputs, some of which open more; and a type that is the same at several ends."""

import json

from comfy_api.latest import ComfyExtension, io


def as_text(value):
    return json.dumps(value, sort_keys=True, default=lambda other: type(other).__name__)


class Choose(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        inner = io.DynamicCombo.Input(
            "how",
            options=[
                io.DynamicCombo.Option("near", []),
                io.DynamicCombo.Option(
                    "far", [io.Float.Input("reach", default=1.0, max=2.0), io.Image.Input("map", optional=True)]
                ),
            ],
        )
        many = io.Autogrow.Input(
            "parts", io.Autogrow.TemplatePrefix(io.AnyType.Input("part"), prefix="part", min=0, max=3)
        )
        return io.Schema(
            node_id="V3 Choose",
            category="tests/v3",
            inputs=[
                io.Int.Input("before", default=1),
                io.DynamicCombo.Input(
                    "mode",
                    options=[
                        io.DynamicCombo.Option(
                            "size", [io.Int.Input("width", min=1), io.Int.Input("height", optional=True)]
                        ),
                        io.DynamicCombo.Option("deep", [inner, io.Combo.Input("word", ["x", "y"])]),
                        io.DynamicCombo.Option("many", [many]),
                        io.DynamicCombo.Option("none", []),
                    ],
                    display_name="Mode",
                ),
            ],
            outputs=[io.String.Output()],
        )

    @classmethod
    def execute(cls, **inputs):
        return io.NodeOutput(as_text(inputs))


class ChooseFree(io.ComfyNode):
    """The same, where nothing needs to be chosen."""

    @classmethod
    def define_schema(cls):
        options = [io.DynamicCombo.Option("on", [io.Int.Input("amount", default=2)]), io.DynamicCombo.Option("off", [])]
        return io.Schema(
            node_id="V3 ChooseFree",
            category="tests/v3",
            inputs=[io.DynamicCombo.Input("mode", options=options, optional=True)],
            outputs=[io.String.Output()],
        )

    @classmethod
    def execute(cls, mode=None):
        return io.NodeOutput(as_text(mode))


class Match(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        same = io.MatchType.Template("same")
        image = io.MatchType.Template("image", allowed_types=[io.Image, io.Mask])
        return io.Schema(
            node_id="V3 Match",
            category="tests/v3",
            inputs=[
                io.Boolean.Input("first", default=True),
                io.MatchType.Input("a", template=same),
                io.MatchType.Input("b", template=same, optional=True),
                io.MatchType.Input("picture", image, optional=True, tooltip="a picture or a mask"),
            ],
            outputs=[
                io.MatchType.Output(same, display_name="Chosen"),
                io.MatchType.Output(template=image),
                io.Int.Output("count"),
            ],
        )

    @classmethod
    def execute(cls, first, a, b=None, picture=None):
        return io.NodeOutput(a if first else b, picture, 2)


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Choose, ChooseFree, Match]


async def comfy_entrypoint():
    return Extension()
