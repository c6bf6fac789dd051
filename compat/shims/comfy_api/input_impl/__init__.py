"""Videos of files and of tensors."""

from comfy_api.latest._input_impl import VideoFromComponents as VideoFromComponents
from comfy_api.latest._input_impl import VideoFromFile as VideoFromFile
