"""From files to handles: whole checkpoints, or the diffusion network, the text encoders and the VAE from files of their own.

    checkpoint = load_checkpoint(path, dtype=torch.float32)
    model, vae = load_diffusion_model(path), load_vae(path)
    clip = load_clip([first, second], "sdxl")

Weights stay in the file, mapped into memory, until they are used. `dtype` None keeps the precision in which they are
stored; on a CPU float32 is much faster to compute in than float16.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from diffusion.checkpoints.detect import detect, seen_in
from diffusion.checkpoints.encoders import encoder_alone
from diffusion.checkpoints.encoders.kind import FoundEncoder
from diffusion.checkpoints.fill import TensorFile, Weights, header_of
from diffusion.checkpoints.header import Header, read_header
from diffusion.checkpoints.source import Keep, Source, file_digest
from diffusion.checkpoints.together import Whole, family_for, whole_of
from diffusion.checkpoints.vaes import find_vae, known_vaes
from diffusion.checkpoints.vaes.kind import FoundVae
from diffusion.clip import Clip
from diffusion.errors import CheckpointError
from diffusion.models import Model, Vae
from diffusion.quantize import Precision, Precisions
from diffusion.text.embeddings import find_embedding


@dataclass(frozen=True)
class Checkpoint:
    """The networks of a checkpoint; `found_` are None where the file has none that its family can use."""

    file: str
    model: Model
    found_clip: Clip | None
    found_vae: Vae | None

    @property
    def clip(self) -> Clip:
        """The text encoders; CheckpointError if the file has none."""
        if self.found_clip is None:
            raise CheckpointError(self.without_clip)
        return self.found_clip

    @property
    def vae(self) -> Vae:
        """The VAE; CheckpointError if the file has none."""
        if self.found_vae is None:
            raise CheckpointError(self.without_vae)
        return self.found_vae

    @property
    def without_clip(self) -> str:
        """What to say where text encoders are wanted and the file has none."""
        return (
            f"{self.file}: no text encoders are in this checkpoint; load them from files of their own with CLIPLoader."
        )

    @property
    def without_vae(self) -> str:
        """What to say where a VAE is wanted and the file has none."""
        return f"{self.file}: no VAE is in this checkpoint; load one from a file of its own with VAELoader."


def load_checkpoint(
    path: Path,
    *,
    dtype: torch.dtype | None = None,
    precisions: Precisions | None = None,
    device: torch.device | str = "cpu",
    vae_device: torch.device | str | None = None,
    embedding_folders: Iterable[Path] = (),
    tokenizer_folders: Iterable[Path] = (),
    keep: Keep | None = None,
) -> Checkpoint:
    """Load a checkpoint; CheckpointError says what is wrong with the file and what to do.

    precisions: those of the three networks, in place of one `dtype` for all. vae_device: another device for the VAE.
    embedding_folders: where the textual inversions lie that prompts may name. tokenizer_folders: those of tokenizers that
    text encoders need beside their file. keep: leaves the weights in the file and
    gives them to a keeper, who brings them to its device when they are used; a VAE elsewhere is not given to it.
    """
    chosen = precisions or Precisions.all(dtype)
    header = read_header(path)
    whole = whole_of(header)
    source = Source.open(header, file_digest(header, chosen), device, keep).with_tokenizers(tokenizer_folders)
    elsewhere = source if vae_device is None else Source(source.weights, source.digest, vae_device, None)
    return Checkpoint(
        path.name,
        source.model(whole.family.name, whole.backbone, chosen.unet),
        _clip_inside(whole, source, chosen.text, embedding_folders),
        None if whole.vae is None else elsewhere.vae(whole.vae, chosen.vae),
    )


def load_diffusion_model(
    path: Path,
    *,
    precision: Precision | None = None,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> Model:
    """Load the diffusion network of a file, which may be a whole checkpoint; keep: as load_checkpoint has it."""
    chosen = precision or Precision()
    header = read_header(path)
    found = detect(header)
    source = Source.open(header, file_digest(header, chosen), device, keep)
    return source.model(found.family.name, found.read(header), chosen)


def load_clip(
    paths: Sequence[Path],
    clip_type: str,
    *,
    precision: Precision | None = None,
    device: torch.device | str = "cpu",
    embedding_folders: Iterable[Path] = (),
    tokenizer_folders: Iterable[Path] = (),
    keep: Keep | None = None,
) -> Clip:
    """Load text encoders from a file each, to be used together; clip_type: a family as ComfyUI's CLIPLoader names it.

    CheckpointError if the files are not what the family takes; keep: as load_checkpoint has it.
    """
    chosen = precision or Precision()
    headers = [read_header(path) for path in paths]
    found = [_encoder_in(header) for header in headers]
    texts = family_for(clip_type, [(path.name, kind) for path, (kind, _) in zip(paths, found, strict=True)]).texts
    folders = tuple(tokenizer_folders)
    encoders = (
        Source.open(header, file_digest(header, chosen), device, keep)
        .with_tokenizers(folders)
        .text_encoder(kind, encoder.part, texts.readers[kind], chosen)
        for header, (kind, encoder) in zip(headers, found, strict=True)
    )
    return Clip(tuple(encoders), texts.joiner, embeddings=find_embedding(embedding_folders))


def load_vae(
    path: Path,
    *,
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    keep: Keep | None = None,
) -> Vae:
    """Load a VAE from a file of its own or from a checkpoint; keep: as load_checkpoint has it."""
    header = read_header(path)
    found = vae_in(header)
    return Source.open(header, file_digest(header, dtype), device, keep).vae(found, Precision(dtype))


def vae_of_tensors(
    tensors: Mapping[str, Tensor], *, dtype: torch.dtype | None = None, device: torch.device | str = "cpu"
) -> Vae:
    """Return the VAE of a file's tensors that somebody else has read; it lies on the device and has no digest."""
    header = header_of(tensors)
    return Source(Weights(header, TensorFile(tensors)), "", device, None).vae(vae_in(header), Precision(dtype))


def vae_in(header: Header) -> FoundVae:
    """Return the VAE of a file; CheckpointError if there is none."""
    found = find_vae(header)
    if found is not None:
        return found
    known = ", ".join(kind.title for kind in known_vaes())
    raise CheckpointError(
        f"{header.path.name}: no VAE is in this file; found {seen_in(header)}. "
        f"Expected one of these in the original layout: {known}."
    )


def _encoder_in(header: Header) -> tuple[str, FoundEncoder]:
    try:
        return encoder_alone(header)
    except CheckpointError as error:
        raise CheckpointError(f"{error} Found {seen_in(header)}.") from error


def _clip_inside(whole: Whole, source: Source, precision: Precision, embedding_folders: Iterable[Path]) -> Clip | None:
    texts = whole.family.texts
    encoders = tuple(
        source.text_encoder(kind, encoder.part, texts.readers[kind], precision)
        for kind, encoder in whole.encoders.items()
    )
    return Clip(encoders, texts.joiner, embeddings=find_embedding(embedding_folders)) if encoders else None
