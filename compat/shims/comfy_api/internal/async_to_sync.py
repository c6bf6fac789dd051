"""The sync form of an API class."""

from compat.v3.api import sync_class as create_sync_class

__all__ = ["create_sync_class"]
