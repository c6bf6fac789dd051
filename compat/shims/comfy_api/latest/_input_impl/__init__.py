"""Videos of files and of tensors."""

from compat.v3.video import VideoFromComponents as VideoFromComponents
from compat.v3.video import VideoFromFile as VideoFromFile
