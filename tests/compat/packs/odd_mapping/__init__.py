"""A mapping that holds what is no class, under what is no text."""


class Right:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self, a):
        return (a,)


NODE_CLASS_MAPPINGS = {"T OddRight": Right, "T NoClass": "a text", 3: Right}
