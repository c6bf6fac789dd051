"""Which names of other modules the files of a pack use, with file and line; nothing is imported to find out.

scan(pack)[0]  # Use("comfy.utils.ProgressBar", Path("…/__init__.py"), 7)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from files.packs import Pack

PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages", "tests", "test"})
CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})
Scope = dict[str, str | None]  # what a name stands for; None: something of the pack's own


class Use(NamedTuple):
    """A dotted name, beginning with a module's, in a file. is_set: it is assigned; is_import: at an import."""

    name: str
    file: Path
    line: int
    is_import: bool = False
    is_set: bool = False
    is_optional: bool = False  # a missing name is caught
    is_late: bool = False  # in a function


def scan(pack: Pack) -> tuple[Use, ...]:
    """Return all uses in the files of a pack; a file that is no Python has none, which its import will tell."""
    return tuple(use for path in sources(pack) for use in uses_in(path))


def sources(pack: Pack) -> Iterator[Path]:
    """Yield the Python files of a pack, without its tests."""
    for path in [pack.path] if pack.is_file else sorted(pack.path.rglob("*.py")):
        folders = path.relative_to(pack.folder).parts[:-1]
        if not any(name.startswith(".") or name in PASSED_OVER for name in folders) and not _is_test(path):
            yield path


def uses_in(path: Path) -> tuple[Use, ...]:
    """Return the uses in one file."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    reader = _Reader(path)
    reader.visit(tree)
    return tuple(dict.fromkeys(reader.uses))


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_") or path.name == "conftest.py"


class _Reader(ast.NodeVisitor):
    """Goes through a file with what each name stands for at that place."""

    def __init__(self, path: Path) -> None:
        self.uses: list[Use] = []
        self._path = path
        self._scopes: list[Scope] = [{}]
        self._is_caught = False

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node, is_import=True)
            top = alias.name.partition(".")[0]
            self._scopes[-1][alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            full = None if node.level else f"{node.module}.{alias.name}"
            self._scopes[-1][alias.asname or alias.name] = full
            if full is not None:
                self._add(full.removesuffix(".*"), node, is_import=True)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._meaning(node)
        if full is not None:
            self._add(full, node, is_set=not isinstance(node.ctx, ast.Load))
        else:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        full = self._meaning(node.value)
        for target in node.targets:  # from here on the name stands for what it was given
            if isinstance(target, ast.Name) and full is not None:
                self._scopes[-1][target.id] = full

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._scopes[-1][node.name] = None
        for outside in (*node.decorator_list, node.args):
            self.visit(outside)
        with self._scope(_bound_in(node)):
            for statement in node.body:
                self.visit(statement)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        with self._scope({each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}):
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scopes[-1][node.name] = None
        self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        with self._caught(any(map(_catches_names, node.handlers))):
            self._visit_all(node.body)
        self._visit_all((*node.handlers, *node.orelse, *node.finalbody))

    def visit_With(self, node: ast.With) -> None:
        with self._caught("suppress(" in "".join(ast.unparse(item.context_expr) for item in node.items)):
            self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        test = ast.unparse(node.test)
        if "TYPE_CHECKING" not in test:
            with self._caught("hasattr(" in test):
                self._visit_all((node.test, *node.body))
        self._visit_all(node.orelse)

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def _meaning(self, node: ast.expr) -> str | None:
        """Return what a name, or names joined by dots, stand for; None if that is nothing of another module."""
        if isinstance(node, ast.Attribute):
            owner = self._meaning(node.value)
            return None if owner is None else f"{owner}.{node.attr}"
        if not isinstance(node, ast.Name):
            return None
        return next((scope[node.id] for scope in reversed(self._scopes) if node.id in scope), None)

    def _add(self, name: str, node: ast.stmt | ast.expr, *, is_import: bool = False, is_set: bool = False) -> None:
        is_late = len(self._scopes) > 1
        self.uses.append(Use(name, self._path, node.lineno, is_import, is_set, self._is_caught, is_late))

    @contextmanager
    def _scope(self, own: Iterable[str]) -> Iterator[None]:
        self._scopes.append(dict.fromkeys(own))
        yield
        self._scopes.pop()

    @contextmanager
    def _caught(self, is_caught: bool) -> Iterator[None]:
        before, self._is_caught = self._is_caught, self._is_caught or is_caught
        yield
        self._is_caught = before


def _bound_in(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the names that a function has of its own: its parameters, and what it assigns."""
    names: set[str] = set()
    outer: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            outer.update(node.names)
    return names - outer


def _catches_names(handler: ast.ExceptHandler) -> bool:
    kinds = ast.walk(handler.type) if handler.type is not None else ()
    names = {getattr(kind, "id", getattr(kind, "attr", None)) for kind in kinds}
    return handler.type is None or bool(names & CAUGHT)
