"""Classes that are wrong in one respect, beside one that is right."""


class Right:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self, a):
        return (a,)


class Raising(Right):
    @classmethod
    def INPUT_TYPES(cls):
        raise FileNotFoundError("a file that it lists is not there")


class WithoutOutputs:
    INPUT_TYPES = Right.INPUT_TYPES
    FUNCTION = "run"

    def run(self, a):
        return (a,)


class WithoutMethod(Right):
    FUNCTION = "walk"


class WithoutInputs:
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"


class OddInputs(Right):
    @classmethod
    def INPUT_TYPES(cls):
        return ["a"]


NODE_CLASS_MAPPINGS = {
    "T Right": Right,
    "T Raising": Raising,
    "T WithoutOutputs": WithoutOutputs,
    "T WithoutMethod": WithoutMethod,
    "T WithoutInputs": WithoutInputs,
    "T OddInputs": OddInputs,
}
