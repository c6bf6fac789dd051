"""The API of version 0.0.1."""

from typing import ClassVar

from comfy_api.v0_0_2 import IO as IO
from comfy_api.v0_0_2 import UI as UI
from comfy_api.v0_0_2 import ComfyAPIAdapter_v0_0_2 as ComfyAPIAdapter_v0_0_2
from comfy_api.v0_0_2 import ComfyExtension as ComfyExtension
from comfy_api.v0_0_2 import Input as Input
from comfy_api.v0_0_2 import InputImpl as InputImpl
from comfy_api.v0_0_2 import Types as Types
from comfy_api.v0_0_2 import io as io
from comfy_api.v0_0_2 import ui as ui

from compat.v3.api import sync_class


class ComfyAPIAdapter_v0_0_1(ComfyAPIAdapter_v0_0_2):  # type: ignore[misc]  # mypy does not find it under this name
    """The parts of the API, as this version has them."""

    VERSION: ClassVar[str] = "0.0.1"
    STABLE: ClassVar[bool] = True


ComfyAPI = ComfyAPIAdapter_v0_0_1
ComfyAPISync = sync_class(ComfyAPIAdapter_v0_0_1)

__all__ = ["IO", "UI", "ComfyAPI", "ComfyAPISync", "ComfyExtension", "Input", "InputImpl", "Types", "io", "ui"]
