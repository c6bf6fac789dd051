"""Texts as programs put them into pictures, for tests of what reads them.

image.save(path, pnginfo=png_info({"prompt": json.dumps(prompt)}))
"""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from runtime.metadata import PROMPT

_MODEL_TAG = 0x0110  # ComfyUI writes `prompt:` here …
_MAKE_TAG = 0x010F  # … and `workflow:` and others from here downwards


def png_info(texts: Mapping[str, str]) -> PngInfo:
    """Return texts as Pillow's `save(pnginfo=…)` takes them, each under its name."""
    info = PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    return info


def webp_exif(texts: Mapping[str, str]) -> bytes:
    """Return texts as Pillow's `save(exif=…)` takes them, `name:text` in the tags where ComfyUI looks."""
    exif = Image.Exif()
    others = [name for name in texts if name != PROMPT]
    if PROMPT in texts:
        exif[_MODEL_TAG] = f"{PROMPT}:{texts[PROMPT]}"
    for tag, name in zip(range(_MAKE_TAG, 0, -1), others, strict=False):
        exif[tag] = f"{name}:{texts[name]}"
    return exif.tobytes()
