"""The checkpoints that are found, and the built-in model."""

from __future__ import annotations

from collections.abc import Iterator

from cli.checks.finding import Finding, Site, State, size_text

KIND = "checkpoints"
BUILT_IN = "weft-demo.safetensors"


def check_checkpoints(site: Site) -> Iterator[Finding]:
    """List the checkpoints with their family, those that cannot be loaded with the reason."""
    names = site.folders.model_names(KIND)
    if not names:
        where = " or ".join(str(root) for root in site.folders.model_roots(KIND))
        remedy = f"Put a checkpoint (a .safetensors file) into {where}."
        yield Finding(KIND, State.PROBLEM, f"There is no checkpoint in {where}.", remedy)
    for name in names:
        yield _checkpoint(name, site)


def check_built_in(site: Site) -> Iterator[Finding]:
    """Look for the built-in model, which the shipped workflows use."""
    names = set(site.folders.model_names(KIND))
    folder = site.folders.model_roots(KIND)[0]
    data = {"path": str(folder / BUILT_IN), "exists": BUILT_IN in names}
    if BUILT_IN in names and BUILT_IN not in site.probe.refused:
        yield Finding("built-in model", State.OK, f"{BUILT_IN} is there", data=data)
        return
    others = names - set(site.probe.refused) - {BUILT_IN}
    state = State.NOTE if others else State.PROBLEM
    what = "is damaged" if BUILT_IN in names else f"is not in {folder}"
    remedy = f"Copy models/checkpoints/{BUILT_IN} from Weft's source to {folder}, or change --base-directory."
    message = f"{BUILT_IN} {what}; the shipped workflows need it."
    yield Finding("built-in model", state, message, remedy, data)


def _checkpoint(name: str, site: Site) -> Finding:
    path = site.folders.find_model(KIND, name)
    try:
        nbytes = path.stat().st_size
    except OSError as error:
        return Finding(name, State.NOTE, f"{name} cannot be read ({error.strerror}).", f"Check {path}.")
    family, refused = site.probe.families.get(name), site.probe.refused.get(name)
    data = {"path": str(path), "nbytes": nbytes, "family": family, "refused": refused}
    if refused is not None:
        remedy = f"Replace {path} by a file that can be loaded, or move it away."
        reason = refused.removeprefix(f"{path.name}: ")
        return Finding(name, State.NOTE, f"{name} ({size_text(nbytes)}) cannot be loaded: {reason}.", remedy, data)
    return Finding(name, State.OK, f"{name} ({family or 'not examined'}, {size_text(nbytes)})", data=data)
