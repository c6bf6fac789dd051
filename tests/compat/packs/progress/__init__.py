"""Progress that a node tells while it runs."""

import comfy.utils


class Slow:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"steps": ("INT", {"default": 4, "min": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self, steps):
        bar = comfy.utils.ProgressBar(steps)
        for _ in range(steps):
            bar.update(1)
        return (steps,)


NODE_CLASS_MAPPINGS = {"T Slow": Slow}
