"""V1 and V3 classes in one mapping: each reads of the other what V1 classes have."""

from comfy_api.latest import io

import nodes


class Base(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="V3 Base",
            category="tests/v3",
            inputs=[io.Int.Input("n", default=1, max=5), io.Image.Input("image", optional=True)],
            outputs=[io.Int.Output("twice", tooltip="n twice"), io.Image.Output(is_output_list=True)],
            description="Doubles.",
        )

    @classmethod
    def execute(cls, n, image=None):
        return io.NodeOutput(cls.factor() * n, [image])

    @classmethod
    def factor(cls):
        return 2


class Derived(Base):
    """A node that changes another: its schema is the other's with another name."""

    @classmethod
    def define_schema(cls):
        schema = super().define_schema()
        schema.node_id = "V3 Derived"
        schema.outputs[0].display_name = "thrice"
        return schema

    @classmethod
    def factor(cls):
        return super().factor() + 1


class Reads:
    """A V1 class that reads another node's attributes, and calls it."""

    RETURN_TYPES = ("STRING",)
    FUNCTION = "read"
    CATEGORY = "tests/v3"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"name": ("STRING", {"default": "V3 Base"})}}

    def read(self, name):
        found = nodes.NODE_CLASS_MAPPINGS[name]
        required = found.INPUT_TYPES()["required"]
        output = getattr(found(), found.FUNCTION)(n=3)
        told = [list(required), found.RETURN_TYPES, found.RETURN_NAMES, found.OUTPUT_IS_LIST, found.CATEGORY, output[0]]
        return (str(told),)


NODE_CLASS_MAPPINGS = {"V3 Base": Base, "V3 Derived": Derived, "V3 Reads": Reads}
NODE_DISPLAY_NAME_MAPPINGS = {"V3 Base": "The base"}
