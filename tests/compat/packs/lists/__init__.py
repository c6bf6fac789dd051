"""Lists on wires: made, wanted whole, mapped over."""


class Make:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT", {"default": 3}), "first": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT", "INT")
    RETURN_NAMES = ("each", "count")
    OUTPUT_IS_LIST = (True, False)
    FUNCTION = "make"

    def make(self, count, first):
        return (range(first, first + count), count)


class Add:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 0}), "b": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "add"

    def add(self, a, b):
        return (a + b,)


class Whole:
    INPUT_IS_LIST = True

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"a": ("INT", {"default": 0}), "b": ("INT", {"default": 0})},
            "hidden": {"node": "UNIQUE_ID"},
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "whole"

    def whole(self, a, b, node):
        return (f"{a} {b} {node}",)


class Halves:
    """Is mapped, and gives a list from each call."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT",)
    OUTPUT_IS_LIST = (True,)
    FUNCTION = "halves"

    def halves(self, a):
        return ([a, -a],)


class Short:
    """Returns fewer values than it has outputs, and shows something in each call."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT", "INT")
    FUNCTION = "short"
    OUTPUT_NODE = True

    def short(self, a):
        return {"ui": {"a": [a], "twice": (a, a)}, "result": (a,)}


NODE_CLASS_MAPPINGS = {"T Make": Make, "T Add": Add, "T Whole": Whole, "T Halves": Halves, "T Short": Short}
