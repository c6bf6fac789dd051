"""Folders that a pack adds: of models, and of scripts for browsers."""

import os

import folder_paths

import nodes

HERE = os.path.dirname(os.path.abspath(__file__))

folder_paths.add_model_folder_path("rains", os.path.join(folder_paths.models_dir, "rains"))
folder_paths.folder_names_and_paths["rains"][1].update({".rain"})
folder_paths.add_model_folder_path("loras", os.path.join(folder_paths.models_dir, "more_loras"))
nodes.EXTENSION_WEB_DIRS["routes_more"] = os.path.join(HERE, "more")
WEB_DIRECTORY = "./web"


class Rain:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"rain": (folder_paths.get_filename_list("rains"),)}}

    RETURN_TYPES = ()
    FUNCTION = "show"
    OUTPUT_NODE = True
    CATEGORY = "test"

    def show(self, rain):
        return {"ui": {"text": [folder_paths.get_full_path("rains", rain)]}}


class AddsLater:
    """Adds a folder while it runs."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"kind": ("STRING", {"default": "later"})}}

    RETURN_TYPES = ()
    FUNCTION = "add"
    OUTPUT_NODE = True
    CATEGORY = "test"

    def add(self, kind):
        folder_paths.add_model_folder_path(kind, os.path.join(folder_paths.models_dir, kind))
        return {}


NODE_CLASS_MAPPINGS = {"T Rain": Rain, "T AddsLater": AddsLater}
