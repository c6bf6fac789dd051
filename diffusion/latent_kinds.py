"""Whose latents are which: latents of two families may have one shape and yet be other numbers for one picture.

    foreign(("sd1",), ("sdxl",))  # a sentence
    foreign(("sd1",), ("sd1", "sdxl"))  # None: the VAE may be of either, for their files look alike

A model's latents are of one kind; those of a VAE alone in its file may be of several.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

SD1, SDXL, SD3, FLUX, FLUX2, WAN = "sd1", "sdxl", "sd3", "flux", "flux2", "wan"
TITLES: Mapping[str, str] = {  # the families whose VAE it is
    SD1: "Stable Diffusion 1 and 2",
    SDXL: "Stable Diffusion XL",
    SD3: "Stable Diffusion 3",
    FLUX: "Flux.1 and Z-Image",
    FLUX2: "Flux.2",
    WAN: "Wan 2.1 and Qwen-Image",
}
BY_CHANNELS: Mapping[int, tuple[str, ...]] = {4: (SD1, SDXL), 16: (SD3, FLUX)}  # of VAEs that look alike otherwise
WORDS: Mapping[str, tuple[str, ...]] = {  # in names and metadata of files, with "-" for "_" and "."
    SD1: ("sd1", "sd-1", "sd-v1", "v1-5", "stable-diffusion-v1", "vae-ft-", "taesd-"),
    SDXL: ("sdxl", "sd-xl", "stable-diffusion-xl"),
    SD3: ("sd3", "sd-3", "stable-diffusion-3", "stable-diffusion-v3"),
    FLUX: ("flux", "taef1"),
}
ARCHITECTURE = "modelspec.architecture"  # the text of a file's metadata that tells it
STEMS: Mapping[str, str] = {"ae": FLUX}  # whole names of files without their ends (BFL's)


def title_of(kinds: Iterable[str]) -> str:
    """Return the families that may be meant, for people."""
    return " or ".join(TITLES[kind] for kind in kinds)


def told_by(text: str, stem: str, kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Return the only kind of which a file's text speaks, else its name (without its end); all if neither tells."""
    for said in (text, stem):
        plain = said.lower().replace("_", "-").replace(".", "-")
        told = tuple(
            kind for kind in kinds if STEMS.get(plain) == kind or any(word in plain for word in WORDS.get(kind, ()))
        )
        if len(told) == 1:
            return told
    return kinds


def architecture(kinds: tuple[str, ...]) -> Mapping[str, str]:
    """Return the metadata that tell the kind in a file of a VAE alone; nothing if it is not known."""
    return {ARCHITECTURE: f"{kinds[0]}/vae"} if len(kinds) == 1 else {}


def foreign(latent: Collection[str], vae: Collection[str]) -> str | None:
    """Say that a VAE does not belong to a latent; None if it does, or if either's kind is not known."""
    if not latent or not vae or not set(latent).isdisjoint(vae):
        return None
    return (
        f"the latent is one of {title_of(latent)}, the VAE is that of {title_of(vae)}: colours and shapes will be wrong. "
        "Unless that is meant, use the VAE of the checkpoint that made the latent."
    )
