"""Types, schemas and the base class of nodes."""

from ._io import *  # noqa: F403
