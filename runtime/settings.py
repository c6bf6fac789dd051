"""Settings: what the user chose for this process, as one value that is handed down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runtime.memory_settings import MemorySettings
from runtime.precision import PrecisionSettings

GIB = 1024**3
DEFAULT_CACHE_BYTES = 2 * GIB
DEFAULT_DISK_BYTES = 10 * GIB
# Settings that do not change what nodes give; a disk tier is not shared between values of any other.
WITHOUT_EFFECT_ON_RESULTS = frozenset(
    {
        "base",
        "output",
        "input",
        "temp",
        "user",
        "models",
        "extra_model_paths",
        "cache",
        "packs",
        "write_metadata",
        "preview_method",
    }
)


@dataclass(frozen=True)
class CacheSettings:
    """What is kept of results. `strategy`: a name in graph.strategies.STRATEGIES; 0 disk bytes: nothing on the disk."""

    strategy: str = "balanced"
    memory_bytes: int = DEFAULT_CACHE_BYTES  # of `balanced`
    results: int = 0  # of `lru`
    headroom_bytes: int = 0  # of `ram`
    inactive_bytes: int = 0  # of `ram`, for results of other workflows
    disk_bytes: int = 0
    directory: Path | None = None  # None: `user/cache` below the base


@dataclass(frozen=True)
class PackSettings:
    """Which node packs are loaded. `none`: only those in `chosen`; `without`: not these, until their files change.

    watches: load them again when their files change, in processes that live long.
    """

    none: bool = False
    chosen: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    watches: bool = True

    def reason_against(self, name: str) -> str | None:
        """Return why a pack is not to be loaded; None if it is. Single files may be chosen with `.py` or without."""
        if not self.none or name in self.chosen or f"{name}.py" in self.chosen:
            return None
        return "It is left out by --disable-all-custom-nodes; --whitelist-custom-nodes would let it in."


@dataclass(frozen=True)
class Settings:
    """Choices of one process. Paths that are None lie below `base`."""

    base: Path
    output: Path | None = None
    input: Path | None = None
    temp: Path | None = None
    user: Path | None = None
    models: Path | None = None
    extra_model_paths: tuple[Path, ...] = ()  # files such as extra_model_paths.yaml, beside the one in `base`
    device: str | None = None  # "cpu", "cuda", "cuda:1", "mps"; None picks the best there is
    cache: CacheSettings = CacheSettings()
    packs: PackSettings = PackSettings()
    write_metadata: bool = True
    preview_method: str = "auto"  # "taesd" draws work in progress by a tiny VAE
    memory: MemorySettings = field(default_factory=MemorySettings)
    precision: PrecisionSettings = field(default_factory=PrecisionSettings)


def cache_settings(
    *,
    none: bool = False,
    lru: int | None = None,
    classic: bool = False,
    ram: Sequence[float] | None = None,
    disk: float | None = None,
    directory: Path | None = None,
    total_bytes: int = 0,
) -> CacheSettings:
    """Return what ComfyUI's switches `--cache-…` mean; ValueError for two that contradict each other. In GB of 2**30.

    `lru=0` is as if it were not given, as in ComfyUI. `ram` has up to two numbers: what is to stay free, and what is to
    stay free beside results of other workflows. Without one it is a tenth of `total_bytes`, 2 to 10 GB, as in ComfyUI;
    without the second other workflows' results are not treated differently (in ComfyUI they go at once).
    """
    given = {"none": none, "lru": bool(lru), "classic": classic, "ram": ram is not None}
    chosen = [name for name, is_given in given.items() if is_given]
    if len(chosen) > 1:
        raise ValueError(f"--cache-{chosen[0]} and --cache-{chosen[1]} exclude each other; choose one.")
    if ram is not None and len(ram) > 2:
        raise ValueError(f"--cache-ram takes two numbers at most, not {len(ram)}: GB to leave free, and GB for others.")
    if any(number is not None and number < 0 for number in (lru, *(ram or ()), disk)):
        raise ValueError("--cache-lru, --cache-ram and --cache-disk are not less than 0.")
    headroom, inactive = [*(int(number * GIB) for number in ram or ()), None, None][:2]
    disk_bytes = DEFAULT_DISK_BYTES if disk is None else int(disk * GIB)
    return CacheSettings(
        strategy=chosen[0] if chosen else "balanced",
        results=lru or 0,
        headroom_bytes=default_headroom(total_bytes) if headroom is None else headroom,
        inactive_bytes=inactive or 0,
        disk_bytes=0 if none else disk_bytes,
        directory=directory,
    )


def default_headroom(total_bytes: int) -> int:
    """Return what `--cache-ram` leaves free of a machine's RAM if nothing is said (ComfyUI 0.33)."""
    return min(10 * GIB, max(2 * GIB, total_bytes // 10))


def cache_folder(base: Path, directory: Path | None) -> Path:
    """Return the folder of the disk tier."""
    return directory or base / "user" / "cache"


def default_base() -> Path:
    """Return the folder that holds `models/`: the checkout this code lies in, or else the current folder."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "models").is_dir() else Path.cwd()
