"""Videos."""

from nodes.media.video_input import VideoInput as VideoInput
