"""What this server can do, told to clients by /features and in answer to their own feature flags."""

from __future__ import annotations

from typing import Any

from serving.settings import ServeSettings


def server_features(settings: ServeSettings) -> dict[str, Any]:
    """Return the server's feature flags, under ComfyUI's names. Those that the user adds change none of them."""
    return {
        **settings.features,
        "supports_preview_metadata": True,
        "supports_model_type_tags": True,
        "max_upload_size": settings.max_upload_bytes,
        "extension": {"manager": {"supports_v4": True}},
        "node_replacements": True,
        "assets": False,
    }
