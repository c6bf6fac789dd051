"""IS_CHANGED in all its forms, and objects that keep something from run to run."""

import asyncio


class Counting:
    """Counts its calls: as long as its node is there, it is one object."""

    def __init__(self):
        self.calls = 0

    RETURN_TYPES = ("STRING",)
    FUNCTION = "count"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"word": ("STRING", {"default": "a"})}, "optional": {"link": ("INT", {"forceInput": True})}}

    def count(self, word, link=None):
        self.calls += 1
        return (f"{word} {link} {self.calls}",)


class Always(Counting):
    @classmethod
    def IS_CHANGED(cls, **given):
        return float("nan")


class ByWord(Counting):
    """Runs again when the beginning of the word changes; what is linked is None."""

    @classmethod
    def IS_CHANGED(cls, word, link="absent"):
        return f"{word[:1]} {link}"


class Waiting(Counting):
    @classmethod
    async def IS_CHANGED(cls, word, link=None):
        await asyncio.sleep(0.001)
        return float("NaN") if word == "always" else 1


class Failing(Counting):
    @classmethod
    def IS_CHANGED(cls, word):
        raise RuntimeError("cannot look")


class Twins(Counting):
    """Equal nodes do not share a result."""

    NOT_IDEMPOTENT = True


NODE_CLASS_MAPPINGS = {
    "T Counting": Counting,
    "T Always": Always,
    "T ByWord": ByWord,
    "T Waiting": Waiting,
    "T Failing": Failing,
    "T Twins": Twins,
}
