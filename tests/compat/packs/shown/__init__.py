"""Nodes that the other packs need: one that gives a value, one that shows whatever arrives."""


class Anything(str):
    def __ne__(self, other):
        return False


ANY = Anything("*")


class Give:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "give"
    CATEGORY = "tests/shown"

    def give(self, value):
        return (value,)


class GiveText:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"multiline": True, "dynamicPrompts": False})}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "give"
    CATEGORY = "tests/shown"

    def give(self, text):
        return (text,)


class Show:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (ANY, {})}}

    RETURN_TYPES = (ANY,)
    RETURN_NAMES = ("same",)
    FUNCTION = "show"
    OUTPUT_NODE = True
    CATEGORY = "tests/shown"

    def show(self, value):
        return {"ui": {"text": [repr(value)]}, "result": (value,)}


class ShowAll:
    INPUT_IS_LIST = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (ANY, {})}}

    RETURN_TYPES = ()
    FUNCTION = "show"
    OUTPUT_NODE = True
    CATEGORY = "tests/shown"

    def show(self, value):
        return {"ui": {"text": (repr(value),)}}


NODE_CLASS_MAPPINGS = {"T Give": Give, "T GiveText": GiveText, "T Show": Show, "T ShowAll": ShowAll}
NODE_DISPLAY_NAME_MAPPINGS = {"T Show": "Show anything"}
