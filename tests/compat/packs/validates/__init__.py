"""VALIDATE_INPUTS in all its forms."""

import asyncio


class Base:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"a": ("INT", {"default": 1, "min": 0, "max": 5}), "word": (["x", "y"],)},
            "optional": {"link": ("INT", {"forceInput": True})},
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, a, word, link=None):
        return (f"{a} {word} {link}",)


class Named(Base):
    """Checks `a` itself, so that the range does not count."""

    @classmethod
    def VALIDATE_INPUTS(cls, a):
        return True if a != 7 else "seven is not wanted"


class Everything(Base):
    @classmethod
    def VALIDATE_INPUTS(cls, **given):
        return True if given["a"] != 7 else f"no: {sorted(given)} {given.get('link')}"


class No(Base):
    @classmethod
    def VALIDATE_INPUTS(cls, word):
        return word == "x"


class Waiting(Base):
    @classmethod
    async def VALIDATE_INPUTS(cls, a, word):
        await asyncio.sleep(0.001)
        return True if a != 2 else "two is not wanted"


class Types(Base):
    """Switches the check of types off."""

    @classmethod
    def VALIDATE_INPUTS(cls, input_types):
        return True if input_types.get("link") in (None, "STRING") else f"not {input_types['link']}"


class Breaks(Base):
    @classmethod
    def VALIDATE_INPUTS(cls, a):
        raise RuntimeError("the check broke")


NODE_CLASS_MAPPINGS = {
    "T Base": Base,
    "T Named": Named,
    "T ValidatesAll": Everything,
    "T No": No,
    "T ValidatesLater": Waiting,
    "T Types": Types,
    "T Breaks": Breaks,
}
