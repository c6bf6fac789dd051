"""Lazy inputs: asked for one after the other, not at all, in lists."""


class Switch:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"on": ("BOOLEAN", {"default": True})},
            "optional": {"yes": ("*", {"lazy": True}), "no": ("*", {"lazy": True})},
        }

    RETURN_TYPES = ("*",)
    FUNCTION = "switch"

    def check_lazy_status(self, on, yes=None, no=None):
        if on and yes is None:
            return ["yes"]
        if not on and no is None:
            return ["no"]

    def switch(self, on, yes=None, no=None):
        return (f"{yes} {no}",)


class OneByOne:
    """Asks for what it has not got yet, until the sum is large enough."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {name: ("INT", {"lazy": True}) for name in ("a", "b", "c")}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "add"

    async def check_lazy_status(self, **values):
        if sum(value or 0 for value in values.values()) >= 10:
            return []
        return [name for name, value in values.items() if value is None][:1]

    def add(self, a, b, c):
        return (f"{a} {b} {c}",)


class NeverAsks:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"lazy": True})}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, a):
        return (repr(a),)


class Unknown(NeverAsks):
    def check_lazy_status(self, a):
        return ["z"]


class WholeLazy(NeverAsks):
    INPUT_IS_LIST = True

    def check_lazy_status(self, a):
        return ["a"] if a[0] is None else []


class Loud:
    """Fails, so that a test sees whether it ran."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self):
        raise RuntimeError("nobody should have asked for this")


NODE_CLASS_MAPPINGS = {
    "T Switch": Switch,
    "T OneByOne": OneByOne,
    "T NeverAsks": NeverAsks,
    "T AsksUnknown": Unknown,
    "T WholeLazy": WholeLazy,
    "T Loud": Loud,
}
