"""Operators on texts."""

from __future__ import annotations

from typing import Annotated, Literal

from graph.annotations import Options
from graph.spec import node
from graph.widgets import Range, Text, Toggle
from nodes.patterns import Pattern

Long = Annotated[str, Text(multiline=True)]
Flag = Annotated[bool, Toggle(), Options(advanced=True)]
Few = Annotated[int, Range(0, 100), Options(advanced=True)]


@node(category="text", display_name="Concatenate Text")
def StringConcatenate(string_a: Long, string_b: Long, delimiter: str = "") -> str:
    """Join two texts.

    delimiter: stands between them.
    """
    return delimiter.join((string_a, string_b))


@node(category="text", display_name="Substring")
def StringSubstring(string: Long, start: int, end: int) -> str:
    """Cut a part out of a text.

    start: place of the first character, from 0; negative numbers count from the end.
    end: place behind the last character.
    """
    return string[start:end]


@node(category="text", display_name="Text Length", output_names=("length",))
def StringLength(string: Long) -> int:
    """Count the characters of a text."""
    return len(string)


@node(category="text", display_name="Convert Text Case")
def CaseConverter(string: Long, mode: Literal["UPPERCASE", "lowercase", "Capitalize", "Title Case"]) -> str:
    """Write a text in capitals, small letters, or with capitals where sentences or words begin."""
    convert = {"UPPERCASE": str.upper, "lowercase": str.lower, "Capitalize": str.capitalize, "Title Case": str.title}
    return convert[mode](string)


@node(category="text", display_name="Trim Text")
def StringTrim(string: Long, mode: Literal["Both", "Left", "Right"]) -> str:
    """Remove spaces and line ends from the ends of a text."""
    return {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}[mode](string)


@node(category="text", display_name="Replace Text")
def StringReplace(string: Long, find: Long, replace: Long) -> str:
    """Replace a part of a text wherever it occurs."""
    return string.replace(find, replace)


@node(category="text", display_name="Contains Text", output_names=("contains",))
def StringContains(string: Long, substring: Long, case_sensitive: Flag = True) -> bool:
    """Tell whether a text has another in it."""
    return substring in string if case_sensitive else substring.lower() in string.lower()


@node(category="text", display_name="Compare Text")
def StringCompare(
    string_a: Long,
    string_b: Long,
    mode: Literal["Starts With", "Ends With", "Equal"],
    case_sensitive: Flag = True,
) -> bool:
    """Tell whether a text begins or ends like another, or is the same."""
    a, b = (string_a, string_b) if case_sensitive else (string_a.lower(), string_b.lower())
    return {"Starts With": a.startswith(b), "Ends With": a.endswith(b), "Equal": a == b}[mode]


@node(category="text", display_name="Match Text", output_names=("matches",))
def RegexMatch(
    string: Long,
    regex_pattern: Long,
    case_insensitive: Flag = True,
    multiline: Flag = False,
    dotall: Flag = False,
) -> bool:
    """Tell whether a regular expression fits somewhere in a text.

    multiline: ^ and $ fit at each line.
    dotall: . fits line ends too.
    """
    return Pattern.of(regex_pattern, case_insensitive, multiline, dotall).occurs_in(string)


@node(category="text", display_name="Extract Text")
def RegexExtract(
    string: Long,
    regex_pattern: Long,
    mode: Literal["First Match", "All Matches", "First Group", "All Groups"],
    case_insensitive: Flag = True,
    multiline: Flag = False,
    dotall: Flag = False,
    group_index: Few = 1,
) -> str:
    """Take what a regular expression finds out of a text; several finds on a line each, none as an empty text.

    group_index: which pair of brackets, where a group is asked for.
    """
    pattern = Pattern.of(regex_pattern, case_insensitive, multiline, dotall)
    found = pattern.found_in(string, group_index if mode.endswith(("Group", "Groups")) else 0)
    return "\n".join(found[:1] if mode.startswith("First") else found)


@node(category="text", display_name="Replace Text (Regex)")
def RegexReplace(
    string: Long,
    regex_pattern: Long,
    replace: Long,
    case_insensitive: Flag | None = True,
    multiline: Flag | None = False,
    dotall: Flag | None = False,
    count: Few | None = 0,
) -> str:
    r"""Replace what a regular expression finds.

    replace: \1 stands for the first pair of brackets.
    count: how many are replaced; 0 for all.
    """
    pattern = Pattern.of(regex_pattern, bool(case_insensitive), bool(multiline), bool(dotall))
    return pattern.replaced_in(string, replace, count or 0)
