"""ComfyUI's `protocol`: the kinds of binary messages to browsers."""

from __future__ import annotations


class BinaryEventTypes:
    """The number with which a binary message begins."""

    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4
