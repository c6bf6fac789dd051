"""Functions that must be awaited."""

import asyncio


class Later:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    async def run(self, a):
        await asyncio.sleep(0.001)
        return (a + 1,)


class LaterShown(Later):
    OUTPUT_NODE = True

    async def run(self, a):
        await asyncio.sleep(0)
        return {"ui": {"text": [str(a)]}, "result": (a,)}


class LaterBroken(Later):
    async def run(self, a):
        await asyncio.sleep(0.001)
        raise ValueError("it broke later")


NODE_CLASS_MAPPINGS = {"T Later": Later, "T LaterShown": LaterShown, "T LaterBroken": LaterBroken}
