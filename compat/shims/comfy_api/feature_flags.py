"""What browsers and the server can do."""

from collections.abc import Mapping
from typing import Any

SERVER_FEATURE_FLAGS = {"supports_preview_metadata": True}


def get_connection_feature(
    sockets_metadata: Mapping[str, Mapping[str, Any]], sid: str, feature_name: str, default: Any = False
) -> Any:
    """Return what a browser said of one feature."""
    return sockets_metadata.get(sid, {}).get("feature_flags", {}).get(feature_name, default)


def supports_feature(sockets_metadata: Mapping[str, Mapping[str, Any]], sid: str, feature_name: str) -> bool:
    """Return whether a browser said that it has a feature."""
    return get_connection_feature(sockets_metadata, sid, feature_name, False) is True


def get_server_features() -> dict[str, Any]:
    """Return what the server can do."""
    return dict(SERVER_FEATURE_FLAGS)
