"""Words and values around videos."""

from comfy_api.latest._util import VideoCodec as VideoCodec
from comfy_api.latest._util import VideoComponents as VideoComponents
from comfy_api.latest._util import VideoContainer as VideoContainer
