"""The packs of a base folder: by name, switched on or off, and what they need of this Python.

home = home_at(None)
home.find("rain").path  # PackError if there is none, with the nearest name
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cli.packs.environment import Environment, environment_here
from cli.packs.staging import clear_leftovers
from files.folders import Folders
from files.model_paths import gather_model_paths
from files.packs import Pack, PackError, find_packs, find_switched_off
from files.packs.requirements import Need, needs_of
from graph.nearest import did_you_mean
from runtime.settings import default_base

PACKS = "custom_nodes"


@dataclass(frozen=True)
class Home:
    """Folders of packs; new ones go into the first."""

    roots: tuple[Path, ...]

    @property
    def root(self) -> Path:
        """Where packs are installed."""
        return self.roots[0]

    def on(self) -> list[Pack]:
        """Return the packs that are loaded."""
        return find_packs(self.roots)

    def off(self) -> list[Pack]:
        """Return the packs that are switched off."""
        return find_switched_off(self.roots)

    def find(self, name: str) -> Pack:
        """Return the pack of a name, rather one that is switched on; PackError if there is none."""
        return _named(name, (*self.on(), *self.off()), f"{self.root} has no pack that")

    def find_on(self, name: str) -> Pack:
        """Return a pack that is switched on; PackError if there is none."""
        return _named(name, self.on(), f"{self.root} has no pack that is switched on and")

    def find_off(self, name: str) -> Pack:
        """Return a pack that is switched off; PackError if there is none."""
        return _named(name, self.off(), f"{self.root} has no pack that is switched off and")

    def check_free(self, name: str) -> None:
        """Raise PackError if a name is taken, also by one that differs in capitals, or by anything else in the folder."""
        for pack in (*self.on(), *self.off()):
            if _key(pack.name) == _key(name):
                raise PackError(
                    f"{pack.path} is there already. `weft nodes update {pack.name}` renews a pack, `weft nodes remove "
                    f"{pack.name}` takes it away, and --name gives the new one another name."
                )
        if (self.root / name).exists() or (self.root / name).is_symlink():
            raise PackError(f"{self.root / name} is there already; give the pack another name by --name.")

    def environment(self, without: Iterable[str] = ()) -> Environment:
        """Return what is installed and what the packs need, but for some that are about to change."""
        left_out = frozenset(without)
        return environment_here(
            need for pack in self.on() if pack.name not in left_out for need in readable_needs(pack)
        )


def home_at(base: Path | None) -> Home:
    """Return the packs of a base folder, the checkout's if none is named; PackError if it is no folder.

    What a killed command left in it is cleared away first.
    """
    base = (base or default_base()).absolute()
    if not base.is_dir():
        raise PackError(f"--base-directory {base}: there is no such folder; name the one that holds {PACKS}/.")
    own = base / PACKS
    named = Folders.below(base, extra=gather_model_paths(base)).model_roots(PACKS)
    roots = (own, *(root for root in named if root != own))
    for root in roots:
        clear_leftovers(root)
    return Home(roots)


def _named(name: str, packs: Iterable[Pack], lead: str) -> Pack:
    by_name = {pack.name: pack for pack in reversed(list(packs))}
    if name.removesuffix(".py") in by_name:
        return by_name[name.removesuffix(".py")]
    raise PackError(f'{lead} is called "{name}"{did_you_mean(name, by_name)}')


def _key(name: str) -> str:
    """Return what two names must differ in: disks may not tell capitals apart, and imports replace dots."""
    return name.lower().replace(".", "_x_")


def readable_needs(pack: Pack) -> list[Need]:
    """Return what a pack asks pip for; nothing if that cannot be read."""
    with suppress(PackError, OSError):  # it is another pack's fault; its own report tells it
        return needs_of(pack)
    return []
