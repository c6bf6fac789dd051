"""Whether a file of models can be used where it lies, going by its header. Asked in the probe, for it needs torch.

judge("loras", Path("models/loras/a.safetensors"))  # {"verdict": "misplaced", "what": "VAE of …", "belongs": "vae", …}
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.checks.finding import Verdict

if TYPE_CHECKING:
    from diffusion.checkpoints.description import Description

# Loaders that read nothing but safetensors and GGUF; those of the other folders read the tensors of pickle files.
WITHOUT_PICKLES = frozenset({"checkpoints", "diffusion_models", "text_encoders", "vae", "loras"})
# Kinds of files that a folder's loader takes beside its own: the part that it wants lies in them.
ALSO = frozenset(
    {
        ("checkpoint", "diffusion_models"),
        ("checkpoint", "vae"),
        ("diffusion model", "checkpoints"),
        ("text encoder", "clip_vision"),  # CLIP's whole files
    }
)


def judge(folder: str, path: Path) -> dict[str, Any]:
    """Return what a file is, as ModelReport has it; a broken one never ends the probe."""
    try:
        from diffusion.checkpoints.describe import describe

        found = describe(path)
        told = {"what": found.words, "nbytes": found.nbytes, "belongs": found.folder, "family": found.title}
        return {"verdict": _verdict(found, folder), "note": found.note.removeprefix(f"{path.name}: "), **told}
    except Exception as error:  # files are untrusted, and packages that families need may be broken
        return {"verdict": Verdict.DAMAGED, "note": str(error).strip() or type(error).__name__}


def _verdict(found: Description, folder: str) -> Verdict:
    from diffusion.checkpoints.description import DAMAGED, PICKLED

    if found.kind == DAMAGED:
        return Verdict.DAMAGED
    if found.kind == PICKLED:
        return Verdict.REFUSED if folder in WITHOUT_PICKLES else Verdict.OK
    if found.note:
        return Verdict.REFUSED
    is_here = found.folder in (None, folder) or (found.kind, folder) in ALSO
    return Verdict.OK if is_here else Verdict.MISPLACED
