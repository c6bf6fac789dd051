"""ExecutionBlocker: in one output, in all, in a list, with a message and without."""

from comfy_execution.graph_utils import ExecutionBlocker


class Gate:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1}), "how": (["open", "silent", "loud", "both", "result"],)}}

    RETURN_TYPES = ("INT", "INT")
    FUNCTION = "gate"

    def gate(self, a, how):
        if how == "both":
            return ExecutionBlocker(None)
        if how == "result":
            return {"result": ExecutionBlocker(None)}
        blocker = {"open": a, "silent": ExecutionBlocker(None), "loud": ExecutionBlocker("it is closed")}[how]
        return (blocker, a + 1)


class Odd:
    """Lets odd numbers of a list through."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "odd"

    def odd(self, a):
        return (a if a % 2 else ExecutionBlocker(None),)


NODE_CLASS_MAPPINGS = {"T Gate": Gate, "T Odd": Odd}
