"""What was understood of a settings file that is to be used: in a few words, and line by line."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.present.setup import MARKS
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.inert import inert
from cortensor_tui.settings.setup_draft import Understood, UnderstoodLine

UNDERSTOOD_COLUMNS = (
    Column("line", 4, is_right=True),
    Column("setting", 34),
    Column("what the node makes of it", 30, share=1),
)
MOST_PLACES = 3
WILL_BE_BLOCKED = (
    "The node will be BLOCKED while ENABLE_DEDICATED_NODE is 0. Set it to 1 above, or at place 7 once the "
    "node runs: there it holds at once."
)


def summary_lines(found: Understood, width: int) -> list[Line]:
    """Return what the file amounts to: how much of it is used, whose key it has, and what is missing."""
    wrong = [one for one in found.lines if one.is_good is False]
    taken = [one for one in found.lines if one.is_good]
    unused = [one for one in found.lines if _is_unused(one)]
    parts = (
        ("✖", "bad", len(wrong), "wrong"),
        ("▲", "warn", int(found.is_dedicated_off), "blocks the node"),
        ("●", "good", len(taken), _with("taken", sum(bool(one.default) for one in taken), "not by default")),
        ("○", "muted", len(unused), _with("unused", sum(not one.is_known for one in unused), "unknown")),
    )
    counts = [Span(f" {mark} {count} {words} ", role) for mark, role, count, words in parts if count]
    missing = ", ".join(inert(one.name, 64) for one in wrong if one.line is None)
    told = [f"Missing: {missing}."] if missing else []
    told += [f"The node would be {found.key_address}."] if found.key_address else []
    pieces = [piece for one in told for piece in wrap(one, width - 2)]
    return [tuple(counts), *(line((f" {piece}", "plain")) for piece in pieces)]


def _is_unused(one: UnderstoodLine) -> bool:
    """Tell whether it is a setting that is kept; what is said of the file itself is in brackets."""
    return one.is_good is None and not one.is_doubtful and not one.name.startswith("(")


def _with(words: str, count: int, of_them: str) -> str:
    return f"{words} ({count} {of_them})" if count else words


def _mark(one: UnderstoodLine) -> tuple[str, str]:
    return ("▲", "warn") if one.is_doubtful else MARKS[one.is_good]


def _told(one: UnderstoodLine) -> str:
    default = f" (by default {one.default})" if one.default else ""
    return inert(f"{one.says}{default}", 300)


def understood_lines(one: UnderstoodLine, width: int) -> list[Line]:
    """Return a line of a file with what was made of it, whole."""
    mark, role = _mark(one)
    place = "" if one.line is None else f"line {one.line}, "
    pieces = wrap(inert(f"{place}{one.name}: {_told(one)}", 600), width - 4)
    return [
        (Span(f" {mark if index == 0 else ' '} ", role), Span(piece)) for index, piece in enumerate(pieces)
    ]


def how_to_mend(found: Understood) -> str:
    """Return what to edit in a file that a node could not use, and how it is read again."""
    where = f"{_bad_places(found)} of {inert(str(found.path), 200)}"
    return f"A node could not use it: mend {where} in an editor. F5, or enter on the path, reads it again."


def hindrance(found: Understood | None, passwords: tuple[str, str] | None) -> str:
    """Return what keeps a file from being taken over, "" for nothing; `passwords` where one is needed."""
    if found is None:
        return ""
    if not found.is_usable:
        return how_to_mend(found)
    if passwords is not None and not passwords[0]:
        return "Give a password for the keystore, of 8 characters at least, twice."
    if passwords is not None and passwords[0] != passwords[1]:
        return "The two passwords differ."
    return ""


def read_again(found: Understood | None) -> str:
    """Return in a few words what reading a file once more told."""
    if found is None:
        return "Read again: there is nothing that can be read."
    return "Read again." if found.is_usable else f"Read again: {_bad_places(found)} cannot be used."


def _bad_places(found: Understood) -> str:
    """Name what is wrong, by line; a setting that is missing has none."""
    bad = [one for one in found.lines if one.is_good is False]
    places = list(
        dict.fromkeys(inert(one.name, 64) if one.line is None else f"line {one.line}" for one in bad)
    )
    more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
    return ", ".join(places[:MOST_PLACES]) + more


def understood_rows(found: Understood) -> list[Row]:
    """Return each line of a file with what was made of it."""
    return [
        Row(
            f"{index}",
            (
                Span("" if one.line is None else str(one.line), "muted"),
                Span(inert(one.name, 64)),
                Span(f"{_mark(one)[0]} {_told(one)}", _mark(one)[1]),
            ),
        )
        for index, one in enumerate(found.lines)
    ]
