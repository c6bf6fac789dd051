"""Types, schemas and the base class of nodes."""

from ._io import *  # noqa: F403
from ._io import SVG as SVG
