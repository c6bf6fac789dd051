"""Videos."""

from comfy_api.latest._input import VideoInput as VideoInput
