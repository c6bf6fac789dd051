"""Regular expressions that end: those of the library `regex`, which knows a limit of time, as `re` does not.

Pattern.of(r"(a+)+b", False, False, False).occurs_in("a" * 40)  # ValueError after two seconds
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import regex

LIMIT_S = 2.0


@dataclass(frozen=True)
class Pattern:
    """A regular expression."""

    compiled: Any

    @staticmethod
    def of(text: str, ignores_case: bool, multiline: bool, dotall: bool) -> Pattern:
        """Compile a regular expression; ValueError says what is wrong with it."""
        flags = (regex.IGNORECASE * ignores_case) | (regex.MULTILINE * multiline) | (regex.DOTALL * dotall)
        try:
            return Pattern(regex.compile(text, flags))
        except regex.error as error:
            raise ValueError(f'"{text}" is not a regular expression: {error}') from error

    def occurs_in(self, text: str) -> bool:
        """Tell whether it fits somewhere."""
        with self._limited():
            return self.compiled.search(text, timeout=LIMIT_S) is not None

    def found_in(self, text: str, group: int) -> list[str]:
        """Return what a group fits, wherever the whole does; group 0 is the whole."""
        if group > self.compiled.groups:
            return []
        with self._limited():
            return [match[group] or "" for match in self.compiled.finditer(text, timeout=LIMIT_S)]

    def replaced_in(self, text: str, replacement: str, count: int) -> str:
        """Return the text with what was found replaced; a count of 0 means all."""
        with self._limited():
            try:
                return str(self.compiled.sub(replacement, text, count=count, timeout=LIMIT_S))
            except (regex.error, IndexError) as error:
                raise ValueError(f'"{replacement}" cannot replace what was found: {error}') from error

    @contextmanager
    def _limited(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            pattern = self.compiled.pattern
            sentence = f'"{pattern}" took more than {LIMIT_S:g} s; make it simpler: a repeat inside of a repeat is slow'
            raise ValueError(sentence) from error
