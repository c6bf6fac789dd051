"""Videos."""

from compat.v3.video_input import VideoInput as VideoInput
