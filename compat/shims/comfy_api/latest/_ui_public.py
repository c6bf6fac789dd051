"""What nodes show, and saving of files."""

from ._ui import *  # noqa: F403
