"""Words and values around videos."""

from compat.v3.video_input import VideoCodec as VideoCodec
from compat.v3.video_input import VideoComponents as VideoComponents
from compat.v3.video_input import VideoContainer as VideoContainer
