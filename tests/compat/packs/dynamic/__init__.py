"""Inputs and outputs that no list names."""


class AnyName(dict):
    """Has every name."""

    def __init__(self, kind, listed):
        super().__init__(listed)
        self.kind = kind

    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        return super().get(name, (self.kind,))


class Anything(str):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


class Endless(tuple):
    """Answers each number of an output."""

    def __getitem__(self, place):
        return Anything("*") if isinstance(place, int) and place >= len(self) else super().__getitem__(place)


class Flexible:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "optional": AnyName(Anything("*"), {"known": ("INT", {"default": 1})})}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, **given):
        return (repr(sorted(given.items())),)


class Grown:
    """Browser scripts add inputs that it does not list: links to them arrive, other values do not."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, a, **given):
        return (repr((a, sorted(given.items()))),)


class Many:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"count": ("INT", {"default": 3})}}

    RETURN_TYPES = Endless(("INT",))
    FUNCTION = "run"

    def run(self, count):
        return tuple(range(count))


NODE_CLASS_MAPPINGS = {"T Flexible": Flexible, "T Grown": Grown, "T Many": Many}
