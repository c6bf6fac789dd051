"""Videos of files and of tensors."""

from nodes.media.video import VideoFromComponents as VideoFromComponents
from nodes.media.video import VideoFromFile as VideoFromFile
from nodes.media.video_input import VideoCodec as VideoCodec
from nodes.media.video_input import VideoComponents as VideoComponents
from nodes.media.video_input import VideoContainer as VideoContainer
from nodes.media.video_input import VideoInput as VideoInput
