"""Machine: what the shims need of the process that they run in. The runtime implements it; tests bring their own.

compat.shims.finder.install(machine)  # from now on `import folder_paths` finds this machine's folders
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from files.folders import Folders
from graph.registry import Registry

if TYPE_CHECKING:
    import torch

T = TypeVar("T")


class Machine(Protocol):
    """The process, as shims see it. Sizes in bytes."""

    @property
    def folders(self) -> Folders:
        """Where files lie; packs add kinds and folders to its `places`, whose paths are absolute."""
        ...

    @property
    def device(self) -> torch.device:
        """Where networks compute."""
        ...

    @property
    def launch(self) -> Mapping[str, Any]:
        """What was chosen at launch, by ComfyUI's names in `args`; what is not in it has ComfyUI's default."""
        ...

    @property
    def dtypes(self) -> Mapping[str, torch.dtype | None]:
        """What was chosen to store networks in: `unet`, `text`, `vae`; None leaves it to the device and the file."""
        ...

    def registry(self) -> Registry:
        """Return the node types that there are now."""
        ...

    def names(self, kind: str) -> list[str]:
        """Return the files that a File widget of a kind may name."""
        ...

    def resource(self, kind: type[T]) -> T:
        """Return what the host lends to nodes (nodes.host.Host), for calls outside of all runs."""
        ...

    def send(self, event: str, data: Any, client_id: str | None = None, payload: bytes = b"") -> None:
        """Send a message to the browsers of a client, or to all; payload: that of a binary message."""
        ...

    def ask(self, what: str, arguments: Mapping[str, Any] | None = None) -> Any:
        """Return what the server says to a question (serving.pack_questions); None if there is no server.

        From any thread; RuntimeError with a sentence if it cannot answer.
        """
        ...

    def interrupt(self) -> None:
        """End the job that runs, as a user would."""
        ...

    def free_bytes(self) -> int:
        """Return what weights and work may still take of the device."""
        ...

    def total_bytes(self) -> int:
        """Return what the device has."""
        ...

    def loaded(self) -> Iterable[str]:
        """Return the names of what lies on the device."""
        ...

    def make_room(self, nbytes: int) -> None:
        """Take weights that are not in use off the device until so many bytes are free."""
        ...

    def evict_all(self) -> None:
        """Take all weights that are not in use off the device."""
        ...
