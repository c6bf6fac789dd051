"""Values that nodes hand to each other."""

from compat.v3.geometry import MESH as MESH
from compat.v3.geometry import SPLAT as SPLAT
from compat.v3.geometry import SVG as SVG
from compat.v3.geometry import VOXEL as VOXEL
from compat.v3.geometry import File3D as File3D
from nodes.media.video_input import VideoCodec as VideoCodec
from nodes.media.video_input import VideoComponents as VideoComponents
from nodes.media.video_input import VideoContainer as VideoContainer
