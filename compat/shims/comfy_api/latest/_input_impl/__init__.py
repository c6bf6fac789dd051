"""Videos of files and of tensors."""

from nodes.media.video import VideoFromComponents as VideoFromComponents
from nodes.media.video import VideoFromFile as VideoFromFile
