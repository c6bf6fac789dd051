"""Nodes that return graphs: with GraphBuilder, with ids of their own, one after the other, with something to show."""

from comfy_execution.graph_utils import GraphBuilder


class Twice:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT", "STRING")
    FUNCTION = "twice"

    def twice(self, a):
        graph = GraphBuilder()
        first = graph.node("T Add", a=a, b=a)
        shown = graph.node("T Show", value=first.out(0))
        shown.set_override_display_id("elsewhere")
        return {"result": (first.out(0), f"plain {a}"), "expand": graph.finalize()}


class CountDown:
    """Calls itself until it is done."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"left": ("INT", {"default": 3}), "sum": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "down"

    def down(self, left, sum):
        if left <= 0:
            return (sum,)
        graph = GraphBuilder()
        added = graph.node("T Add", a=sum, b=left)
        rest = graph.node("T CountDown", left=left - 1, sum=added.out(0))
        return {"result": (rest.out(0),), "expand": graph.finalize()}


class Raw:
    """Takes the link itself, and links a graph to it."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"rawLink": True})}, "hidden": {"me": "UNIQUE_ID"}}

    RETURN_TYPES = ("INT", "STRING")
    FUNCTION = "raw"

    def raw(self, a, me):
        graph = {me + ".add": {"class_type": "T Add", "inputs": {"a": a, "b": a}}}
        return {"result": ([me + ".add", 0], f"{a}"), "expand": graph}


class Shows:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    OUTPUT_NODE = True

    def run(self, a):
        graph = GraphBuilder()
        add = graph.node("T Add", a=a, b=1)
        return {"ui": {"text": [f"shown {a}"]}, "result": (add.out(0),), "expand": graph.finalize()}


NODE_CLASS_MAPPINGS = {"T Twice": Twice, "T CountDown": CountDown, "T Raw": Raw, "T ExpandsAndShows": Shows}
