"""The files of models beside the checkpoints: damaged ones, those in the wrong folder, and those that nothing loads."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cli.checks.finding import Finding, ModelReport, Site, State, Verdict
from files.containment import FolderError
from files.folders import Folders

CHECKPOINTS = "checkpoints"  # are told one by one: cli.checks.models
LOADED = (  # the folders of kinds that are told apart
    *(CHECKPOINTS, "diffusion_models", "text_encoders", "vae", "vae_approx", "loras", "controlnet", "clip_vision"),
    *("style_models", "upscale_models", "embeddings"),
)


def check_model_files(site: Site) -> Iterator[Finding]:
    """Tell of each folder how many files it has, and of each file that cannot be used where it lies what to do."""
    if site.paths_fault is not None:
        remedy = "Mend the file, or give it another name; until then only the folders below models/ are looked at."
        yield Finding("model paths", State.NOTE, site.paths_fault, remedy)
    names = {folder: site.folders.model_names(folder) for folder in LOADED if folder != CHECKPOINTS}
    if not any(names.values()):
        yield Finding("model files", State.OK, "There are no files of models beside checkpoints.")
    for folder, listed in names.items():
        lost = [finding for name in listed if (finding := lost_link(folder, name, site)) is not None]
        reports = [report for report in site.probe.models if report.folder == folder]
        yield from lost
        yield from (finding for report in reports if (finding := fault_of(report, site)) is not None)
        if len(listed) > len(lost):
            yield _summary(folder, len(listed) - len(lost), reports)


def fault_of(report: ModelReport, site: Site) -> Finding | None:
    """Return what is wrong with a file, and what to do; None if nothing is."""
    label, path = f"{report.folder}/{report.name}", shlex.quote(report.path)
    data = {"path": report.path, "verdict": report.verdict.value, "belongs": report.belongs}
    if report.verdict is Verdict.DAMAGED:
        remedy = f"Get the file again, or remove it: rm {path}"
        return Finding(label, State.NOTE, f"{label} is damaged or no model: {report.note}", remedy, data)
    if report.verdict is Verdict.MISPLACED and report.belongs is not None:
        target = site.folders.home_of(report.belongs)
        message = f"{label} is of another kind ({report.what}): such files are looked for in {target}."
        remedy = f"Move it: mv {path} {shlex.quote(str(target))}/"
        return Finding(label, State.NOTE, message, remedy, data)
    if report.verdict is Verdict.REFUSED:
        remedy = "Get it in a form that loads (docs/models.md), or leave it for other programs."
        return Finding(label, State.NOTE, f"{label} ({report.what}) cannot be loaded: {report.note}", remedy, data)
    return None


def path_of(folders: Folders, kind: str, name: str) -> Path | str:
    """Return the file of a name, or why there is none: a link may lead nowhere."""
    try:
        return folders.find_model(kind, name)
    except FolderError as error:
        return str(error)


def lost_link(folder: str, name: str, site: Site) -> Finding | None:
    """Tell a name behind which there is no file; None if there is one."""
    fault = path_of(site.folders, folder, name)
    if isinstance(fault, Path):
        return None
    return Finding(f"{folder}/{name}", State.NOTE, fault, "Put the file there, or remove the link.")


def _summary(folder: str, count: int, reports: list[ModelReport]) -> Finding:
    if len(reports) < count:
        message = f"{folder}: {count} {_files(count)}, {count - len(reports)} of them not examined"
        return Finding(folder, State.OK, message, data={"files": count})
    kinds = Counter(report.what for report in reports if report.verdict is Verdict.OK)
    told = ", ".join(f"{number} {what}" for what, number in kinds.most_common())
    data = {"files": count, "usable": dict(kinds)}
    return Finding(folder, State.OK, f"{folder}: {count} {_files(count)}" + (f" ({told})" if told else ""), data=data)


def _files(count: int) -> str:
    return "file" if count == 1 else "files"
