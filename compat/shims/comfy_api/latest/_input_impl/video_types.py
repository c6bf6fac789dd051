"""Videos of files and of tensors."""

from compat.v3.video import VideoFromComponents as VideoFromComponents
from compat.v3.video import VideoFromFile as VideoFromFile
from compat.v3.video_input import VideoCodec as VideoCodec
from compat.v3.video_input import VideoComponents as VideoComponents
from compat.v3.video_input import VideoContainer as VideoContainer
from compat.v3.video_input import VideoInput as VideoInput
