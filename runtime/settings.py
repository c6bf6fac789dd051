"""Settings: what the user chose for this process, as one value that is handed down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from runtime.precision import PrecisionSettings

DEFAULT_CACHE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Settings:
    """Choices of one process. Paths that are None lie below `base`."""

    base: Path
    output: Path | None = None
    input: Path | None = None
    device: str | None = None  # "cpu", "cuda", "cuda:1", "mps"; None picks the best there is
    cache_bytes: int = DEFAULT_CACHE_BYTES
    write_metadata: bool = True
    allow_pickle: bool = False
    precision: PrecisionSettings = field(default_factory=PrecisionSettings)


def default_base() -> Path:
    """Return the folder that holds `models/`: the checkout this code lies in, or else the current folder."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "models").is_dir() else Path.cwd()
