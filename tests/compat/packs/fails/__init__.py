"""What goes wrong while nodes run."""

import comfy.model_management


class Base:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"


class Raises(Base):
    def run(self, a):
        raise ValueError(f"{a} is too much")


class Nothing(Base):
    def run(self, a):
        return None


class Stops(Base):
    def run(self, a):
        raise comfy.model_management.InterruptProcessingException


class Empty(Base):
    """Returns a dictionary without a result: what reads it gets None."""

    def run(self, a):
        return {"ui": {"text": ["empty"]}}


NODE_CLASS_MAPPINGS = {"T Raises": Raises, "T Nothing": Nothing, "T Stops": Stops, "T Empty": Empty}
