"""Checks and fingerprints of a node's own."""

import json

from comfy_api.latest import ComfyExtension, io


def schema(name, *inputs, **more):
    return io.Schema(
        node_id=f"V3 {name}", category="tests/v3", inputs=list(inputs), outputs=[io.String.Output()], **more
    )


class Checked(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            "Checked",
            io.Int.Input("low", min=0, max=10),
            io.Int.Input("high", min=0, max=10),
            io.Combo.Input("word", ["a", "b"]),
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, low, word):
        if cls.hidden.unique_id is None:
            return "the id is not known"
        if low is None:
            return True
        return True if low < 100 and word != "never" else f"{low} is too much for {word}"

    @classmethod
    def execute(cls, low, high, word):
        return io.NodeOutput(f"{low} {high} {word}")


class CheckedAll(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        options = [
            io.DynamicCombo.Option("size", [io.Int.Input("width", max=5), io.Int.Input("height", optional=True)])
        ]
        return schema("CheckedAll", io.DynamicCombo.Input("mode", options=options), io.Int.Input("n", max=3))

    @classmethod
    async def validate_inputs(cls, **inputs):
        return True if inputs["n"] < 50 else json.dumps(inputs, sort_keys=True)

    @classmethod
    def execute(cls, mode, n):
        return io.NodeOutput(json.dumps([mode, n], sort_keys=True))


class CheckedTypes(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema("CheckedTypes", io.Image.Input("value"))

    @classmethod
    def validate_inputs(cls, input_types):
        return True if input_types.get("value") in ("STRING", "INT") else f"{input_types} does not do"

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(str(value))


class Raises(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema("CheckRaises", io.Int.Input("n"))

    @classmethod
    def validate_inputs(cls, n):
        raise ValueError("no check today")

    @classmethod
    def execute(cls, n):
        return io.NodeOutput(str(n))


class Fingerprint(io.ComfyNode):
    """The same result while the text has the same length."""

    @classmethod
    def define_schema(cls):
        return schema("Fingerprint", io.String.Input("text"), io.AnyType.Input("other", optional=True))

    @classmethod
    def fingerprint_inputs(cls, text, other=None):
        return [len(text), other]

    @classmethod
    def execute(cls, text, other=None):
        return io.NodeOutput(text)


class Always(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema("Always", io.String.Input("text"))

    @classmethod
    def fingerprint_inputs(cls, **inputs):
        return float("nan")

    @classmethod
    def execute(cls, text):
        return io.NodeOutput(text)


class Extension(ComfyExtension):
    async def get_node_list(self):
        return [Checked, CheckedAll, CheckedTypes, Raises, Fingerprint, Always]


async def comfy_entrypoint():
    return Extension()
