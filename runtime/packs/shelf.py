"""Shelf: the packs of a process, the node types that they make together with the built-in ones, and their reports.

    shelf = Shelf(builtin_registry(), lambda: folders.model_roots("custom_nodes"), PackSettings())
    shelf.load()                            # each in a thread of its own, one after the other
    shelf.note([Path(".../rain/__init__.py")])
    shelf.refresh()                         # True: something is different now

A pack that takes long is left to its thread, since a thread cannot be ended: the next ones are loaded, and it joins when it is
done. `refresh` is for whoever runs jobs, between two of them; all else is for any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from files.packs import Pack, find_packs, find_switched_off
from graph.registry import Registry
from runtime.packs.adapters import kind_of, wants_comfyui
from runtime.packs.importing import package_of, put_back, take_out
from runtime.packs.joining import join
from runtime.packs.loading import LoadedPack, failed_pack, load_pack
from runtime.packs.report import PackProblem, PackReport, PackState
from runtime.packs.stand_ins import StandIns
from runtime.settings import PackSettings

PATIENCE_S = 5.0  # with one pack, before the next is loaded
KEPT = "The edit is not used; the nodes from before it go on. "


@dataclass
class _Place:
    """One pack. loaded: what is used of it; broken: a later version that is not; thread: of an import that is not over."""

    pack: Pack
    loaded: LoadedPack | None = None
    report: PackReport | None = None  # in place of what `loaded` reports
    broken: PackReport | None = None
    thread: threading.Thread | None = None
    was_tried: bool = False
    is_late: bool = False  # the others went on without it
    arrived: LoadedPack | None = None  # what its thread left


@dataclass
class _News:
    """What happened since the last refresh."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    paths: set[Path] = field(default_factory=set)
    is_waiting: bool = False


class Shelf:
    """on_loading is told which packs are being imported; on_news is called when `refresh` has something to do.

    lend_comfyui: called once, before the first pack is imported that may want modules of ComfyUI.
    """

    def __init__(
        self,
        builtin: Registry,
        find_roots: Callable[[], Sequence[Path]],
        settings: PackSettings,
        *,
        patience_s: float = PATIENCE_S,
        on_loading: Callable[[tuple[str, ...]], None] = lambda names: None,
        on_news: Callable[[], None] = lambda: None,
        lend_comfyui: Callable[[], None] = lambda: None,
    ) -> None:
        self.registry = builtin
        self.touched: frozenset[str] = frozenset()  # packs that the last load or refresh loaded, or let go of
        self._builtin = builtin
        self._find_roots = find_roots
        self._settings = settings
        self._without = set(settings.without)
        self._patience_s = patience_s
        self._on_loading = on_loading
        self._on_news = on_news
        self._lend_comfyui = lend_comfyui
        self._has_lent = False
        self._places: dict[str, _Place] = {}
        self._reports: tuple[PackReport, ...] = ()
        self._stand_ins = StandIns()
        self._news = _News()

    @property
    def roots(self) -> Sequence[Path]:
        """The folders of packs."""
        return [root.absolute() for root in self._find_roots()]

    @property
    def is_loading(self) -> bool:
        """Whether a pack is being imported that the others did not wait for."""
        return any(place.thread is not None for place in self._places.values())

    @property
    def digests(self) -> Mapping[str, str]:
        """Digests of the packs' code, by module."""
        return {each.pack.module: each.digest for each in self._loaded() if each.specs}

    @property
    def web_folders(self) -> Mapping[str, Path]:
        """The folders of scripts for browsers, by the name under which they are served."""
        return {name: folder for each in self._loaded() for name, folder in each.web_folders}

    def reports(self) -> tuple[PackReport, ...]:
        """Return what became of each pack, by name; those that are switched off in their names come last."""
        off = [pack for pack in find_switched_off(self.roots) if pack.name not in self._places]
        return (*self._reports, *(_off(pack, f"It is switched off: {pack.path}") for pack in off))

    def load(self) -> None:
        """Load all packs that there are."""
        self._take_stock()
        self._load(list(self._places.values()))
        self._join(self._places)

    def note(self, paths: Iterable[Path]) -> None:
        """Remember that files changed; `refresh` will look after them."""
        with self._news.lock:
            self._news.paths.update(paths)
        self._call_for_refresh()

    def refresh(self) -> bool:
        """Load packs again whose files changed, load new ones, let go of those that are gone; return whether it did."""
        with self._news.lock:
            paths, self._news.paths = self._news.paths, set()
            self._news.is_waiting = False
            arrived = [place for place in self._places.values() if place.arrived is not None]
        for place in arrived:
            self._take(place)
        gone = self._take_stock() if paths else []
        changed = [place for place in self._places.values() if _concerns(place, paths)]
        self._without -= {place.pack.name for place in changed}
        busy = [place for place in changed if place.thread is not None]
        with self._news.lock:  # until their threads are done
            self._news.paths.update(path for place in busy for path in paths if _is_in(path, place.pack))
        fresh = [place for place in changed if place.thread is None]
        self._load(fresh)
        touched = [*gone, *(place.pack.name for place in (*arrived, *fresh))]
        if touched:
            self._join(touched)
        return bool(touched)

    def _loaded(self) -> list[LoadedPack]:
        return [place.loaded for place in self._places.values() if place.loaded is not None]

    def _take_stock(self) -> list[str]:
        """Make places for packs that came, take away those of packs that went; return the names of these."""
        package_of(self.roots)
        found = {pack.name: pack for pack in find_packs(self.roots)}
        gone = [name for name, place in self._places.items() if found.get(name) != place.pack and not place.thread]
        for name in gone:
            take_out(self._places.pop(name).pack)
        came = [name for name in found if name not in self._places]
        places = {**self._places, **{name: _Place(found[name]) for name in came}}
        self._places = {name: places[name] for name in sorted(places, key=lambda name: (name.lower(), name))}
        return gone

    def _load(self, places: Sequence[_Place]) -> None:
        for place in places:
            reason = self._reason_against(place.pack)
            if reason is None:
                self._start(place)
                self._wait_for(place)
            else:
                place.loaded, place.broken, place.report = None, None, _off(place.pack, reason)
        self._tell_loading()

    def _reason_against(self, pack: Pack) -> str | None:
        if pack.name in self._without:
            return "It is left out by --without-pack until its files change."
        return self._settings.reason_against(pack.name)

    def _start(self, place: _Place) -> None:
        if not self._has_lent and wants_comfyui(place.pack):
            self._lend_comfyui()
            self._has_lent = True
        place.thread = threading.Thread(target=self._work, args=(place,), name=f"pack {place.pack.name}", daemon=True)
        self._tell_loading()
        place.thread.start()

    def _wait_for(self, place: _Place) -> None:
        assert place.thread is not None
        place.thread.join(self._patience_s)
        with self._news.lock:
            place.is_late = place.arrived is None
        if place.is_late:
            place.report = _still_loading(place, self._patience_s)
        else:
            self._take(place)

    def _work(self, place: _Place) -> None:
        """Import a pack in its thread; a new version that is broken leaves the old one as it was."""
        before = take_out(place.pack) if place.was_tried else {}
        place.was_tried = True
        try:
            loaded = load_pack(place.pack, self._stand_ins)
        except Exception as error:  # a file that went away meanwhile
            loaded = failed_pack(place.pack, error)
        if loaded.is_broken and _is_good(place.loaded):
            put_back(place.pack, before)
        with self._news.lock:
            place.arrived = loaded
            is_late = place.is_late
        if is_late:
            self._call_for_refresh()

    def _take(self, place: _Place) -> None:
        """Use what a thread left."""
        loaded, place.arrived, place.thread, place.is_late = place.arrived, None, None, False
        assert loaded is not None
        if loaded.is_broken and place.loaded is not None and _is_good(place.loaded):
            place.report, place.broken = None, loaded.report
        else:
            place.loaded, place.report, place.broken = loaded, None, None

    def _tell_loading(self) -> None:
        self._on_loading(tuple(name for name, place in self._places.items() if place.thread is not None))

    def _call_for_refresh(self) -> None:
        with self._news.lock:
            is_first, self._news.is_waiting = not self._news.is_waiting, True
        if is_first:
            self._on_news()

    def _join(self, touched: Iterable[str]) -> None:
        self.touched = frozenset(touched)
        joined = join(self._builtin, self._loaded())
        self.registry = joined.registry
        self._reports = tuple(_report(place, joined.reports) for place in self._places.values())


def _is_good(loaded: LoadedPack | None) -> bool:
    return loaded is not None and not loaded.is_broken


def _concerns(place: _Place, paths: Iterable[Path]) -> bool:
    """Whether a pack is new, or one of the files is its own."""
    is_new = place.loaded is None and place.report is None and place.thread is None
    return is_new or any(_is_in(path, place.pack) for path in paths)


def _is_in(path: Path, pack: Pack) -> bool:
    return path == pack.path or (not pack.is_file and path.is_relative_to(pack.path))


def _report(place: _Place, joined: Mapping[str, PackReport]) -> PackReport:
    if place.report is not None:
        return place.report
    found = joined[place.pack.name]
    return found if place.broken is None else _kept(found, place.broken)


def _kept(good: PackReport, broken: PackReport) -> PackReport:
    problems = tuple(replace(problem, message=KEPT + problem.message) for problem in broken.problems)
    return replace(good, state=PackState.PARTLY, problems=(*problems, *good.problems), seconds=broken.seconds)


def _off(pack: Pack, reason: str) -> PackReport:
    return PackReport(pack.name, pack.path, PackState.DISABLED, kind=kind_of(pack), notes=(reason,))


def _still_loading(place: _Place, patience_s: float) -> PackReport:
    message = f"Its import takes longer than {patience_s:g} s; the others go on, and it joins when it is done."
    remedy = "If that is usual, move what takes so long from the module into the node's function."
    problem = PackProblem(message, str(place.pack.entry), remedy=remedy)
    nodes = place.loaded.report.nodes if place.loaded is not None else ()
    kind = kind_of(place.pack)
    return PackReport(place.pack.name, place.pack.path, PackState.LOADING, kind=kind, nodes=nodes, problems=(problem,))
