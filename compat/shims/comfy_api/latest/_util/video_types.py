"""Words and values around videos."""

from nodes.media.video_input import VideoCodec as VideoCodec
from nodes.media.video_input import VideoComponents as VideoComponents
from nodes.media.video_input import VideoContainer as VideoContainer
