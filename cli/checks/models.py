"""The checkpoints that are found, and the built-in model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.checks.finding import Finding, ModelReport, Site, State, Verdict, size_text
from cli.checks.model_files import CHECKPOINTS, fault_of, lost_link

BUILT_IN = "weft-demo.safetensors"


def check_checkpoints(site: Site) -> Iterator[Finding]:
    """List the checkpoints with their family, those that cannot be loaded with the reason."""
    names = site.folders.model_names(CHECKPOINTS)
    if not names:
        where = " or ".join(str(root) for root in site.folders.model_roots(CHECKPOINTS))
        remedy = f"Put a checkpoint (a .safetensors file) into {where}."
        yield Finding(CHECKPOINTS, State.PROBLEM, f"There is no checkpoint in {where}.", remedy)
    reports = _reports(site)
    for name in names:
        yield lost_link(CHECKPOINTS, name, site) or _checkpoint(name, reports.get(name), site)


def check_built_in(site: Site) -> Iterator[Finding]:
    """Look for the built-in model, which the shipped workflows use."""
    names = set(site.folders.model_names(CHECKPOINTS))
    folder = site.folders.model_roots(CHECKPOINTS)[0]
    data = {"path": str(folder / BUILT_IN), "exists": BUILT_IN in names}
    refused = {name for name, report in _reports(site).items() if report.verdict is not Verdict.OK}
    if BUILT_IN in names and BUILT_IN not in refused:
        yield Finding("built-in model", State.OK, f"{BUILT_IN} is there", data=data)
        return
    others = names - refused - {BUILT_IN}
    state = State.NOTE if others else State.PROBLEM
    what = "is damaged" if BUILT_IN in names else f"is not in {folder}"
    remedy = f"Copy models/checkpoints/{BUILT_IN} from Weft's source to {folder}, or change --base-directory."
    message = f"{BUILT_IN} {what}; the shipped workflows need it."
    yield Finding("built-in model", state, message, remedy, data)


def _reports(site: Site) -> Mapping[str, ModelReport]:
    return {report.name: report for report in site.probe.models if report.folder == CHECKPOINTS}


def _checkpoint(name: str, report: ModelReport | None, site: Site) -> Finding:
    if report is None:
        return Finding(name, State.OK, f"{name} (not examined)")
    fault = fault_of(report, site)
    if fault is not None:
        return fault
    data = {"path": report.path, "nbytes": report.nbytes, "family": report.family}
    return Finding(name, State.OK, f"{name} ({report.family}, {size_text(report.nbytes)})", data=data)
