"""All that a class may say of itself."""

import os


class Full:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {"default": 1}), "b": ("A,B",)}, "hidden": {"unique_id": "UNIQUE_ID"}}

    RETURN_TYPES = ("INT", "IMAGE", ["x", "y"])
    RETURN_NAMES = ("number", "picture", "word")
    OUTPUT_TOOLTIPS = ("a number", "a picture", "a word")
    OUTPUT_IS_LIST = (False, True, False)
    INPUT_IS_LIST = True
    FUNCTION = "run"
    CATEGORY = "tests/described"
    DESCRIPTION = "Everything at once."
    OUTPUT_NODE = True
    DEPRECATED = True
    EXPERIMENTAL = True
    DEV_ONLY = True
    API_NODE = True
    HAS_INTERMEDIATE_OUTPUT = True
    SEARCH_ALIASES = ("all", "whole")
    ESSENTIALS_CATEGORY = "Basics"

    def run(self, a, b, unique_id):
        return (1, [], "x")


class Bare:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    def run(self):
        return (1,)


class ClassProperty:
    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner):
        return self.function(owner)


class Properties:
    @staticmethod
    def INPUT_TYPES():
        return {"optional": {"words": (("a", "b"), {"default": "a"})}}

    @ClassProperty
    def RETURN_TYPES(self):
        return ("INT", "INT")

    @ClassProperty
    def CATEGORY(self):
        return "tests/" + self.__name__

    FUNCTION = "run"

    def run(self, words="a"):
        return (1, 2)


class Uploads:
    @classmethod
    def INPUT_TYPES(cls):
        folder = os.path.dirname(__file__)
        files = sorted(name for name in os.listdir(folder) if name.endswith(".txt"))
        return {
            "required": {"file": (files, {"image_upload": True}), "video": (files, {"video_upload": True})},
            "optional": {"remote": ("COMBO", {"remote": {"route": "/test/list", "refresh_button": True}})},
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    CATEGORY = "tests/described"

    def run(self, file, video, remote=""):
        return (f"{file} {video}",)


NODE_CLASS_MAPPINGS = {"T Full": Full, "T Bare": Bare, "T Properties": Properties, "T Uploads": Uploads}
NODE_DISPLAY_NAME_MAPPINGS = {"T Full": "Everything that can be said", "T Unknown": "not a node"}
