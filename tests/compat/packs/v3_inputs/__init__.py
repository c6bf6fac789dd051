"""Every input with a widget, with everything that may be said of it; the node gives what it got as a text."""

import json
from enum import Enum

from comfy_api.latest import ComfyExtension, io, ui


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def as_text(value):
    return json.dumps(value, sort_keys=True, default=lambda other: type(other).__name__)


class Plain(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Plain",
            category="tests/v3",
            inputs=[
                io.Boolean.Input("flag", default=True, label_on="yes", label_off="no"),
                io.Int.Input("whole", default=3, min=1, max=9, step=2, tooltip="a number"),
                io.Float.Input("real", default=0.5, min=0, max=1, step=0.01, round=0.001),
                io.String.Input("text", default="words", multiline=True, placeholder="write", dynamic_prompts=True),
                io.Combo.Input("choice", options=["a", "b"], default="b"),
                io.Combo.Input("member", options=Colour, default=Colour.BLUE),
                io.Combo.Input("number", options=[1, 2, 3]),
                io.MultiCombo.Input("several", options=["p", "q", "r"], default=["p"], placeholder="some", chip=True),
                io.Int.Input("free", optional=True, default=7),
                io.String.Input("linked", optional=True, force_input=True),
            ],
            outputs=[io.String.Output()],
        )

    @classmethod
    def execute(cls, **inputs):
        return io.NodeOutput(as_text(inputs))


class Told(io.ComfyNode):
    """Options that only editors look at, and inputs by place."""

    @classmethod
    def define_schema(cls):
        shown = {"optional": True, "advanced": True}
        return io.Schema(
            "V3 Told",
            "Told to editors",
            "tests/v3",
            [
                io.Int.Input(
                    "seed",
                    "Seed",
                    control_after_generate=io.ControlAfterGenerate.increment,
                    display_mode=io.NumberDisplay.slider,
                    **shown,
                ),
                io.Int.Input("again", control_after_generate=True, optional=True, extra_dict={"own": 1, "none": None}),
                io.Float.Input(
                    "warm",
                    display_mode=io.NumberDisplay.gradient_slider,
                    gradient_stops=[{"offset": 0, "color": [0, 0, 0]}],
                    socketless=True,
                    optional=True,
                ),
                io.Combo.Input(
                    "file",
                    ["one.png"],
                    upload=io.UploadType.image,
                    image_folder=io.FolderType.output,
                    control_after_generate=True,
                    optional=True,
                ),
                io.Combo.Input("sound", [], upload=io.UploadType.audio, optional=True),
                io.Combo.Input(
                    "remote", remote=io.RemoteOptions("/list", True, "last", timeout=5, refresh=60), optional=True
                ),
                io.Webcam.Input("camera", optional=True),
                io.ImageCompare.Input("compare", optional=True),
                io.Color.Input("colour", optional=True, default="#102030"),
                io.Colors.Input("colours", optional=True),
                io.BoundingBox.Input("box", optional=True, component="ImageCrop", force_input=True),
                io.BoundingBoxes.Input("boxes", optional=True),
                io.Curve.Input("curve", optional=True),
                io.Range.Input(
                    "levels", optional=True, display="plain", show_midpoint=True, value_min=0, value_max=255
                ),
                io.Compositor.Input("layers", optional=True),
                io.Image.Input("image", "The image", True, "a picture", True, None, True, True),
            ],
            [io.String.Output("id", "Shown", "a text"), io.Combo.Output("word", options=["a"]), io.Int.Output()],
        )

    @classmethod
    def execute(cls, **inputs):
        return io.NodeOutput(as_text(inputs), "a", 1)


class ShowText(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 ShowText", category="tests/v3", inputs=[io.AnyType.Input("value")], is_output_node=True
        )

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(ui=ui.PreviewText(value if isinstance(value, str) else as_text(value)))


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Plain, Told, ShowText]


async def comfy_entrypoint():
    return Extension()
