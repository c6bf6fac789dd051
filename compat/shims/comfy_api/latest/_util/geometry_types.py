"""Values of three dimensions."""

from compat.v3.geometry import MESH as MESH
from compat.v3.geometry import SPLAT as SPLAT
from compat.v3.geometry import VOXEL as VOXEL
from compat.v3.geometry import File3D as File3D
