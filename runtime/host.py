"""LocalHost: the machine as nodes see it, on this computer's folders and the memory of one device."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch

from diffusion.checkpoints.load import Checkpoint, load_checkpoint, load_clip, load_diffusion_model, load_vae
from diffusion.clip import Clip
from diffusion.clip_vision import ClipVision, load_clip_vision
from diffusion.control.load import load_control_net
from diffusion.control.model_patch import ModelPatch, load_model_patch
from diffusion.control.net import ControlNet
from diffusion.ip_adapter.load import IPAdapter, load_ip_adapter
from diffusion.lora import LoraFile, open_lora
from diffusion.models import Model, Vae
from diffusion.quantize import Precision
from diffusion.style_model import StyleModel, load_style_model
from diffusion.tiny_vae import TINY_VAES, UNSCALED, Scale, load_tiny_vae
from diffusion.upscalers.load import Upscaler, load_upscaler
from files.folders import FolderError, Folders
from files.tiny_vaes import find_half, tiny_vae_files
from graph.run import Run
from nodes.file_names import plan_save
from nodes.host import SavePath
from runtime.devices import has_bfloat16
from runtime.precision import PrecisionSettings, choose, kept_as
from runtime.residency import DeviceMemory

T = TypeVar("T")
logger = logging.getLogger(__name__)


class LocalHost:
    """Finds files in `folders`, gives the weights of models to `memory`; opens a file once while it stays the same.

    Implements nodes.host.Host. What is kept of an opened file is its memory map; the weights belong to the memory.
    """

    def __init__(
        self,
        folders: Folders,
        memory: DeviceMemory,
        *,
        precision: PrecisionSettings | None = None,
        write_metadata: bool = True,
        preview_method: str = "auto",
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._folders = folders
        self._memory = memory
        self._has_bfloat16 = has_bfloat16(memory.device)
        self._precisions = choose(precision or PrecisionSettings(), memory.device.type, has_bfloat16=self._has_bfloat16)
        self._has_vae_elsewhere = precision is not None and precision.cpu_vae and memory.device.type != "cpu"
        self._write_metadata = write_metadata
        self.preview_method = preview_method
        self._now = now
        self._missed: set[str] = set()
        self._opened: dict[tuple[str, tuple[Path, ...]], _Opened] = {}

    def find_model(self, folder: str, name: str) -> Path:
        """Return the file of a model; FolderError names the folder and the nearest file."""
        return self._folders.find_model(folder, name)

    def input_path(self, name: str) -> Path:
        """Return an existing file of the input folder."""
        return self._folders.input_path(name)

    def output_path(self, filename_prefix: str, width: int, height: int, *, temporary: bool = False) -> SavePath:
        """Return where files of a prefix go."""
        root, kind = (self._folders.temp, "temp") if temporary else (self._folders.output, "output")
        return plan_save(root, filename_prefix, width, height, type=kind, now=self._now())

    def load_checkpoint(self, path: Path) -> Checkpoint:
        """Return a checkpoint, the same object while the file is unchanged."""
        embeddings, tokenizers = (self._folders.model_roots(kind) for kind in ("embeddings", "tokenizers"))
        return self._once(
            "checkpoint",
            (path,),
            lambda: load_checkpoint(
                path,
                precisions=self._precisions,
                device=self._memory.device,
                vae_device="cpu" if self._has_vae_elsewhere else None,
                embedding_folders=embeddings,
                tokenizer_folders=tokenizers,
                keep=self._memory.keep,
            ),
        )

    def load_diffusion_model(self, path: Path, weights: torch.dtype | None = None) -> Model:
        """Return the diffusion network of a file, its weights kept in a precision, None for the usual one."""
        precision = kept_as(self._precisions.unet, weights, has_bfloat16=self._has_bfloat16)
        return self._once(
            f"diffusion model {precision}",
            (path,),
            lambda: load_diffusion_model(path, precision=precision, device=self._memory.device, keep=self._memory.keep),
        )

    def load_clip(self, paths: Sequence[Path], clip_type: str, *, on_cpu: bool = False) -> Clip:
        """Return the text encoders of some files, the same object while the files are unchanged."""
        embeddings, tokenizers = (self._folders.model_roots(kind) for kind in ("embeddings", "tokenizers"))
        on_cpu = on_cpu and self._memory.device.type != "cpu"
        return self._once(
            f"clip {clip_type} {on_cpu}",
            tuple(paths),
            lambda: load_clip(
                paths,
                clip_type,
                precision=Precision(torch.float32) if on_cpu else self._precisions.text,
                device="cpu" if on_cpu else self._memory.device,
                embedding_folders=embeddings,
                tokenizer_folders=tokenizers,
                keep=None if on_cpu else self._memory.keep,
            ),
        )

    def load_vae(self, path: Path) -> Vae:
        """Return the VAE of a file, the same object while the file is unchanged."""
        dtype = self._precisions.vae.stored
        keep = None if self._has_vae_elsewhere else self._memory.keep
        return self._once("vae", (path,), lambda: load_vae(path, dtype=dtype, keep=keep))

    def load_lora(self, path: Path) -> LoraFile:
        """Return a LoRA file, the same object while the file is unchanged."""
        return self._once("lora", (path,), lambda: open_lora(path))

    def load_tiny_vae(self, name: str) -> Vae:
        """Return the Vae of a tiny autoencoder, the same object while its files are unchanged."""
        files = tiny_vae_files(self._folders, name)
        if not files:
            raise FolderError(
                f'The tiny VAE "{name}" is not there: put {name}_encoder and {name}_decoder (.safetensors or .pth) into '
                "models/vae_approx."
            )
        encoder, decoder = files
        return self._once("tiny vae", files, lambda: self._tiny(encoder, decoder, TINY_VAES[name]))

    def load_tiny_decoder(self, name: str) -> Vae | None:
        """Return a Vae that only decodes; None, and a warning once, if its file is not there."""
        decoder = find_half(self._folders, name, "decoder")
        if decoder is not None:
            return self._once("tiny decoder", (decoder,), lambda: self._tiny(None, decoder))
        if name not in self._missed:
            logger.warning("Previews by %s need %s_decoder (.safetensors or .pth) in models/vae_approx.", name, name)
            self._missed.add(name)
        return None

    def _tiny(self, encoder: Path | None, decoder: Path, scale: Scale = UNSCALED) -> Vae:
        keep = None if self._has_vae_elsewhere else self._memory.keep
        return load_tiny_vae(encoder, decoder, scale, dtype=self._precisions.vae.stored, keep=keep)

    def load_control_net(self, path: Path, base: Model | None = None) -> ControlNet:
        """Return the ControlNet of a file, the same object while the file is unchanged; with a base, a new one."""
        chosen, keep = self._precisions.unet, self._memory.keep
        if base is not None:
            return load_control_net(path, base=base, precision=chosen, keep=keep)
        return self._once("control net", (path,), lambda: load_control_net(path, precision=chosen, keep=keep))

    def load_model_patch(self, path: Path) -> ModelPatch:
        """Return the model patch of a file, the same object while the file is unchanged."""
        chosen, keep = self._precisions.unet, self._memory.keep
        return self._once("model patch", (path,), lambda: load_model_patch(path, precision=chosen, keep=keep))

    def load_clip_vision(self, path: Path) -> ClipVision:
        """Return the network that reads pictures of a file, the same object while the file is unchanged."""
        chosen, keep = self._precisions.text, self._memory.keep
        return self._once("clip vision", (path,), lambda: load_clip_vision(path, precision=chosen, keep=keep))

    def load_style_model(self, path: Path) -> StyleModel:
        """Return the style model of a file, the same object while the file is unchanged."""
        chosen, keep = self._precisions.text, self._memory.keep
        return self._once("style model", (path,), lambda: load_style_model(path, precision=chosen, keep=keep))

    def load_ip_adapter(self, path: Path) -> IPAdapter:
        """Return the IP-Adapter of a file, the same object while the file is unchanged."""
        chosen, keep = self._precisions.text, self._memory.keep
        return self._once("ip adapter", (path,), lambda: load_ip_adapter(path, precision=chosen, keep=keep))

    def load_upscaler(self, path: Path) -> Upscaler:
        """Return the upscaler of a file, the same object while the file is unchanged."""
        return self._once("upscaler", (path,), lambda: load_upscaler(path, keep=self._memory.keep))

    def forget(self) -> None:
        """Let go of all opened files; the weights of models go when nobody holds the models any more."""
        self._opened.clear()

    def metadata(self, run: Run) -> Mapping[str, str]:
        """Return the texts to write into a picture: the prompt, and the editor's document if there is one."""
        if not self._write_metadata:
            return {}
        sent = run.extra.get("extra_pnginfo")
        documents = {"prompt": run.prompt, **(sent if isinstance(sent, dict) else {})}
        return {name: json.dumps(document) for name, document in documents.items()}

    def _once(self, kind: str, paths: tuple[Path, ...], load: Callable[[], T]) -> T:
        stamps = tuple(map(_stamp, paths))
        known = self._opened.get((kind, paths))
        if known is None or known.stamps != stamps:
            self._opened.pop((kind, paths), None)
            known = self._opened[(kind, paths)] = _Opened(stamps, load())
        value: T = known.value
        return value


class _Stamp(NamedTuple):
    size_bytes: int
    changed_ns: int


class _Opened(NamedTuple):
    stamps: tuple[_Stamp, ...]
    value: Any


def _stamp(path: Path) -> _Stamp:
    status = path.stat()
    return _Stamp(status.st_size, status.st_mtime_ns)
