"""Videos of files and of tensors."""

from comfy_api.latest._input_impl.video_types import *  # noqa: F403
