"""Inputs of every kind that has a widget, required and optional, with all their options."""


class Everything:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "whole": (
                    "INT",
                    {"default": 3, "min": 1, "max": 9, "step": 2, "display": "slider", "tooltip": "a number"},
                ),
                "seed": ("INT", {"default": 0, "min": 0, "max": 0xFFFFFFFFFFFFFFFF, "control_after_generate": True}),
                "real": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.01, "round": 0.001}),
                "text": ("STRING", {"default": "a", "multiline": True, "dynamicPrompts": True, "placeholder": "words"}),
                "flag": ("BOOLEAN", {"default": True, "label_on": "yes", "label_off": "no"}),
                "old_choice": (["red", "green", 3],),
                "new_choice": ("COMBO", {"options": ["x", "y"], "default": "y"}),
            },
            "optional": {
                "several": ("COMBO", {"options": ["p", "q", "r"], "multiselect": True}),
                "from_link": ("INT", {"forceInput": True}),
                "as_input": ("FLOAT", {"default": 1.0, "defaultInput": True}),
                "without_socket": ("STRING", {"default": "", "socketless": True}),
                "own_kind": ("TEST_CURVE", {"points": [[0, 0], [1, 1]]}),
                "hidden_one": ("INT", {"default": 1, "advanced": True, "hidden": True}),
            },
        }

    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("given",)
    OUTPUT_TOOLTIPS = ("what the function was given",)
    FUNCTION = "run"
    CATEGORY = "tests/widgets"
    DESCRIPTION = "Says what it was given."

    def run(self, **given):
        return (repr(sorted(given.items())),)


class Plain:
    """Has nothing optional, and no **kwargs."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1}), "b": ("STRING",)}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"

    def run(self, a, b):
        return (f"{a!r} {b!r}",)


NODE_CLASS_MAPPINGS = {"T Everything": Everything, "T Plain": Plain}
