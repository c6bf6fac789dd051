"""The version of the server."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def weft_version() -> str:
    """Return the installed version; of a checkout that is not installed, "0+unknown"."""
    try:
        return version("weft")
    except PackageNotFoundError:
        return "0+unknown"
