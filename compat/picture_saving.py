"""SaveImage and PreviewImage as packs subclass them: they change where files go by attributes of the instance.

class SaveQuietly(nodes.SaveImage):
    def __init__(self):
        super().__init__()
        self.prefix_append = "_quiet"
"""

from __future__ import annotations

import importlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from diffusion.images import to_bytes
from nodes.new_files import write_new

SAVED_LEVEL, SHOWN_LEVEL = 4, 1  # how hard PNG is packed (ComfyUI's numbers)


class Saving:
    """What SaveImage is beside its inputs and outputs."""

    def __init__(self) -> None:
        self.output_dir: str = _folder_paths().get_output_directory()
        self.type = "output"
        self.prefix_append = ""
        self.compress_level = SAVED_LEVEL

    def save_images(
        self,
        images: Tensor,
        filename_prefix: str = "ComfyUI",
        prompt: Mapping[str, Any] | None = None,
        extra_pnginfo: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write each image of a batch as PNG; return what editors show, and the images."""
        height, width = images[0].shape[:2]
        folder, stem, counter, subfolder, _ = _folder_paths().get_save_image_path(
            filename_prefix + self.prefix_append, self.output_dir, width, height
        )
        texts = _texts(prompt, extra_pnginfo)
        shown: list[dict[str, str]] = []
        for index, pixels in enumerate(to_bytes(images)):
            name = f"{stem.replace('%batch_num%', str(index))}_{counter:05}_.png"
            while not self._write(Path(folder) / name, Image.fromarray(pixels), texts):
                counter += 1
                name = f"{stem.replace('%batch_num%', str(index))}_{counter:05}_.png"
            shown.append({"filename": name, "subfolder": subfolder, "type": self.type})
            counter += 1
        return {"ui": {"images": shown}, "result": (images,)}

    def _write(self, path: Path, picture: Image.Image, texts: PngInfo | None) -> bool:
        level = self.compress_level
        return write_new(path, lambda place: picture.save(place, "PNG", pnginfo=texts, compress_level=level))


class Showing(Saving):
    """What PreviewImage is beside SaveImage."""

    def __init__(self) -> None:
        super().__init__()
        self.output_dir = _folder_paths().get_temp_directory()
        self.type = "temp"
        self.prefix_append = f"_temp_{secrets.token_hex(3)}"
        self.compress_level = SHOWN_LEVEL


class LoraKeeping:
    """What LoraLoader is beside its inputs and outputs: packs look at the attribute, Weft keeps files itself."""

    def __init__(self) -> None:
        self.loaded_lora: Any = None


def _folder_paths() -> Any:
    return importlib.import_module("folder_paths")  # as packs have it, who may have set other folders


def _texts(prompt: Any, sent: Mapping[str, Any] | None) -> PngInfo | None:
    if importlib.import_module("comfy.cli_args").args.disable_metadata:
        return None
    texts = PngInfo()
    for name, document in {**({} if prompt is None else {"prompt": prompt}), **(sent or {})}.items():
        texts.add_text(name, json.dumps(document))
    return texts
