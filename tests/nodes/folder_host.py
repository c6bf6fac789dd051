"""FolderHost and FolderRun: a host with its folders below one root, and a run that remembers what it was told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from diffusion.checkpoints.load import load_checkpoint, load_clip, load_diffusion_model, load_vae
from diffusion.clip_vision import load_clip_vision
from diffusion.control.load import load_control_net
from diffusion.control.model_patch import load_model_patch
from diffusion.ip_adapter.load import load_ip_adapter
from diffusion.lora import open_lora
from diffusion.quantize import Precision
from diffusion.style_model import load_style_model
from diffusion.tiny_vae import TINY_VAES, load_tiny_vae
from diffusion.upscalers.load import load_upscaler
from graph.run import Run
from graph.workflow import Link, Node
from nodes.file_names import plan_save
from nodes.host import SavePath

T = TypeVar("T")
MOMENT = datetime(2026, 3, 4, 5, 6, 7)


class FolderHost:
    """A host whose folders are `root/input`, `root/output`, `root/temp` and `root/models/<kind>`."""

    def __init__(self, root: Path, texts: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._texts = texts or {}

    def find_model(self, folder: str, name: str) -> Path:
        return self.root / "models" / folder / name

    def input_path(self, name: str) -> Path:
        return self.root / "input" / name

    def output_path(self, filename_prefix: str, width: int, height: int, *, temporary: bool = False) -> SavePath:
        kind = "temp" if temporary else "output"
        return plan_save(self.root / kind, filename_prefix, width, height, type=kind, now=MOMENT)

    def load_checkpoint(self, path: Path) -> Any:
        return load_checkpoint(path)

    def load_diffusion_model(self, path: Path, weights: Any = None) -> Any:
        return load_diffusion_model(path, precision=Precision(weights))

    def load_clip(self, paths: Sequence[Path], clip_type: str, *, on_cpu: bool = False) -> Any:
        return load_clip(paths, clip_type)

    def load_vae(self, path: Path) -> Any:
        return load_vae(path)

    def load_lora(self, path: Path) -> Any:
        return open_lora(path)

    preview_method = "auto"

    def load_tiny_vae(self, name: str) -> Any:
        folder = self.root / "models" / "vae_approx"
        return load_tiny_vae(folder / f"{name}_encoder.pth", folder / f"{name}_decoder.pth", TINY_VAES[name])

    def load_tiny_decoder(self, name: str) -> Any:
        path = self.root / "models" / "vae_approx" / f"{name}_decoder.pth"
        return load_tiny_vae(None, path) if path.is_file() else None

    def load_control_net(self, path: Path, base: Any = None) -> Any:
        return load_control_net(path, base=base)

    def load_model_patch(self, path: Path) -> Any:
        return load_model_patch(path)

    def load_clip_vision(self, path: Path) -> Any:
        return load_clip_vision(path)

    def load_style_model(self, path: Path) -> Any:
        return load_style_model(path)

    def load_ip_adapter(self, path: Path) -> Any:
        return load_ip_adapter(path)

    def load_upscaler(self, path: Path) -> Any:
        return load_upscaler(path)

    def metadata(self, run: Run) -> Mapping[str, str]:
        return self._texts


class FolderRun:
    """A run of one node on a FolderHost."""

    node_id = "9"

    def __init__(self, root: Path, *, prompt: Mapping[str, Any] | None = None, texts: Any = None) -> None:
        self.prompt = prompt or {}
        self.extra: Mapping[str, Any] = {}
        self.shown: dict[str, list[Any]] = {}
        self.told: list[tuple[int, int]] = []
        self.state: dict[str, Any] = {}
        self.nodes: Mapping[str, Node] = {}
        self.links: Mapping[str, Link] = {}
        self._host = FolderHost(root, texts)

    def resource(self, kind: type[T]) -> Any:
        return self._host

    def progress(self, value: int, total: int, text: str = "") -> None:
        self.told.append((value, total))

    def preview(self, image: Any) -> None:
        pass

    def check_cancelled(self) -> None:
        pass

    def show(self, kind: str, items: list[Any]) -> None:
        self.shown.setdefault(kind, []).extend(items)

    def track(self, items: Iterable[T], total: int | None = None) -> Iterator[T]:
        yield from items

    async def call(self, node: Any, **inputs: Any) -> Any:
        return node(**inputs)

    async def expand(self, graph: Any, outputs: tuple[Any, ...], shown_as: Any = None) -> tuple[Any, ...]:
        raise NotImplementedError("a FolderRun has no engine")
