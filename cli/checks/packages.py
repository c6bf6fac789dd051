"""Weft, Python and the packages: which versions there are, and whether they are those that the project requires."""

from __future__ import annotations

import platform
import shlex
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cli.checks.finding import Finding, Site, State
from cli.checks.required import NAME

if TYPE_CHECKING:
    from packaging.requirements import Requirement

MODULES: Mapping[str, str] = {"pillow": "PIL", "PyYAML": "yaml"}  # packages that are imported under another name


def check_weft(site: Site) -> Iterator[Finding]:
    """Say which Weft this is, and whether the command is installed from it."""
    wanted, installed = site.required.version, installed_version(NAME)
    data = {"version": wanted, "installed": installed, "base_directory": str(site.base)}
    if installed == wanted:
        yield Finding(NAME, State.OK, f"weft {wanted}", data=data)
        return
    found = f"version {installed} is installed" if installed else "it is not installed"
    message = f"weft {wanted} runs from its folder, but {found} in this Python."
    yield Finding(NAME, State.NOTE, message, f"Run: {installer()} --editable . (in Weft's folder)", data)


def check_python(site: Site) -> Iterator[Finding]:
    """Compare Python's version with the required one."""
    found, wanted = platform.python_version(), site.required.python
    data = {"version": found, "required": wanted, "executable": sys.executable}
    parsed = parsed_requirement(f"python{wanted}")
    if parsed is not None and not parsed.specifier.contains(found, prereleases=True):
        remedy = "Install such a Python and make a new environment with it."
        yield Finding("python", State.PROBLEM, f"Python {found}; Weft needs {wanted}.", remedy, data)
    else:
        yield Finding("python", State.OK, f"Python {found} ({sys.executable})", data=data)


def check_packages(site: Site) -> Iterator[Finding]:
    """Look for every required package: its version, and whether it can be imported."""
    if not site.required.packages:
        remedy = "Run weft from its folder, or install it."
        yield Finding("packages", State.PROBLEM, "It is not known which packages Weft needs.", remedy)
    for text in site.required.packages:
        requirement = parsed_requirement(text)
        if requirement is None:
            remedy = f"Run: {installer()} packaging"
            yield Finding("packaging", State.PROBLEM, f"{text}: not compared, for packaging is missing.", remedy)
            return
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement, site)


def _package(requirement: Requirement, site: Site) -> Finding:
    name, wanted = requirement.name, str(requirement.specifier)
    found = installed_version(name)
    data = {"version": found, "required": wanted}
    remedy = f'Run: {installer()} "{requirement}"'
    if found is None:
        return Finding(
            name, State.PROBLEM, f"{name} is not installed; {wanted or 'any version'} is needed.", remedy, data
        )
    if not requirement.specifier.contains(found, prereleases=True):
        message = f"{name} {found} does not fit {wanted} ({site.required.source})."
        return Finding(name, State.PROBLEM, message, remedy, data)
    failure = site.probe.failure(module_of(name))
    if failure is not None:
        message = f"{name} {found} is installed but cannot be imported: {failure.reason}."
        again = "--force-reinstall" if find_spec("pip") is not None else "--reinstall"
        return Finding(name, State.PROBLEM, message, f'Run: {installer()} {again} "{requirement}"', data)
    return Finding(name, State.OK, f"{name} {found}", data=data)


def module_of(package: str) -> str:
    """Return the name under which a package is imported."""
    return MODULES.get(package, package)


def required_modules(packages: tuple[str, ...]) -> list[str]:
    """Return the modules of the required packages that are installed, torch first: others import it."""
    requirements = [requirement for text in packages if (requirement := parsed_requirement(text)) is not None]
    names = [requirement.name for requirement in requirements if installed_version(requirement.name) is not None]
    return sorted((module_of(name) for name in names), key=lambda module: module != "torch")


def installed_version(name: str) -> str | None:
    """Return the version of an installed package; None if there is none, or only its remains."""
    try:
        return version(name) or None
    except (PackageNotFoundError, KeyError):
        return None


def parsed_requirement(text: str) -> Requirement | None:
    """Return a requirement such as `torch>=2.6`; None if packaging is not there to read it."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return None
    return Requirement(text)


def installer() -> str:
    """Return the command that installs packages into this Python; environments made by uv have no pip."""
    python = shlex.quote(sys.executable)
    return f"{python} -m pip install" if find_spec("pip") is not None else f"uv pip install --python {python}"
