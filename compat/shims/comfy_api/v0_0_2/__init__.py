"""The API of version 0.0.2."""

from typing import ClassVar

from comfy_api.latest import IO as IO
from comfy_api.latest import UI as UI
from comfy_api.latest import ComfyAPI_latest as ComfyAPI_latest
from comfy_api.latest import ComfyExtension as ComfyExtension
from comfy_api.latest import Input as Input
from comfy_api.latest import InputImpl as InputImpl
from comfy_api.latest import Types as Types
from comfy_api.latest import io as io
from comfy_api.latest import ui as ui

from compat.v3.api import sync_class


class ComfyAPIAdapter_v0_0_2(ComfyAPI_latest):  # type: ignore[misc]  # mypy does not find it under this name
    """The parts of the API, as this version has them."""

    VERSION: ClassVar[str] = "0.0.2"
    STABLE: ClassVar[bool] = False


ComfyAPI = ComfyAPIAdapter_v0_0_2
ComfyAPISync = sync_class(ComfyAPIAdapter_v0_0_2)

__all__ = ["IO", "UI", "ComfyAPI", "ComfyAPISync", "ComfyExtension", "Input", "InputImpl", "Types", "io", "ui"]
