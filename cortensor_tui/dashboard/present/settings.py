"""The settings as rows and lines: what each is, where it is from, and what a change of it would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cortensor_tui.dashboard.cells import Line, Span, fit, line, wrap
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.domain.inert import inert
from cortensor_tui.node.settings_messages import SettingChecked, SettingEntry, SettingsTold

THEME = "CORTENSOR_TUI_THEME"
CHANGED, LIVE, PENDING = "changed", "live", "pending"
FILTER_HINT = "words of a name or a meaning; changed, live, pending"
COLUMNS = (
    Column("setting", 38),
    Column("value", 16, share=3),
    Column("from", 11, rank=1),
    Column("changes", 13, rank=3),
    Column("group", 26, rank=4),
)
_LABEL_CELLS = 10
_MOST_CHARS = 300
MOST_HELP_CHARS = 2_000
_SOURCES = {"environment": "environment", "default": "default", "profile": "network"}
AT_OPENING = "when a dashboard is opened next"
WITH_KEYS = "with the keys commands"
EFFECTS = {
    "at once": "at once",
    "at the next start of the node": "next start",
    AT_OPENING: "next opening",
}


def rows(told: SettingsTold, wanted: str = "") -> list[Row]:
    """Return the settings that a filter lets through, in the order of the table."""
    return [_row(entry) for entry in told.entries if is_wanted(entry, wanted)]


def is_wanted(entry: SettingEntry, wanted: str) -> bool:
    """Tell whether all words of a filter fit: of the name, the group, the meaning, or one of the three."""
    text = f"{entry.key} {entry.group} {entry.help} {entry.source}".lower()
    states = {
        CHANGED: not entry.is_default,
        LIVE: entry.takes_effect == "at once",
        PENDING: entry.shown_next is not None,
    }
    return all(states.get(word, word in text) for word in wanted.lower().split())


def _row(entry: SettingEntry) -> Row:
    quiet = "muted" if entry.is_default else "plain"
    value = Span(inert(entry.shown, _MOST_CHARS), quiet)
    if entry.shown_next is not None:
        value = Span(f"▲ {inert(entry.shown, _MOST_CHARS)} → {inert(entry.shown_next, _MOST_CHARS)}", "warn")
    cells = (
        Span(entry.key, "plain"),
        value,
        Span(source(entry), quiet),
        Span(EFFECTS.get(entry.takes_effect, "not here"), "muted"),
        Span(entry.group, "muted"),
    )
    return Row(entry.key, cells, copy=entry.key)


def source(entry: SettingEntry) -> str:
    """Return where the value in force is from, in a word or two."""
    if entry.source == "file":
        return ".env" if entry.line is None else f".env:{entry.line}"
    return _SOURCES.get(entry.source, entry.source)


def remark(told: SettingsTold, shown: int) -> Line:
    """Return what stands beside the title: how many, and how many wait for a start of the node."""
    total = len(told.entries)
    counted = f"{total}" if shown == total else f"{shown} of {total}"
    pending = sum(entry.shown_next is not None for entry in told.entries)
    counts = line((counted, "muted"))
    if not pending:
        return counts
    wait = "waits" if pending == 1 else "wait"
    return (*counts, Span(f" · ▲ {pending} {wait} for the next start", "warn"))


def fault_lines(told: SettingsTold, width: int, most: int) -> list[Line]:
    """Return what is wrong and what is odd about the file, cut to `most` lines."""
    found = [("✖", "bad", one) for one in told.problems] + [("▲", "warn", one) for one in told.notes]
    shown: list[Line] = []
    for mark, role, one in found:
        place = "" if one.line is None or one.text.startswith(told.path) else f"line {one.line}: "
        text = f"{place}{inert(one.text, 400)}"
        pieces = wrap(text, width - 4)
        if len(shown) + len(pieces[:2]) > most and shown:
            rest = len(found) - found.index((mark, role, one))
            shown[-1] = (*shown[-1][:1], Span(f"and {rest + 1} more: cortensor-tui config check", "muted"))
            break
        shown += [
            (Span(f" {mark} " if index == 0 else "   ", role), Span(piece, "plain"))
            for index, piece in enumerate(pieces[:2])
        ]
    return shown


def can_change(entry: SettingEntry) -> bool:
    """Tell whether it is a setting that can be changed here at all."""
    return entry.takes_effect in EFFECTS and entry.source != "environment"


def about_lines(entry: SettingEntry | None, width: int, most_each: int | None = None) -> list[Line]:
    """Return what the setting under the cursor is for, what it takes, and when a change takes effect.

    With `most_each` no fact has more lines than that, and where one was cut it is said how to see it whole.
    """
    if entry is None:
        return []
    facts = [("is for", entry.help, "plain"), ("takes", entry.accepted, "plain")]
    if not entry.is_default:
        facts.append(("default", entry.default, "muted"))
    facts.append(("changes", _change_words(entry), "warn" if entry.shown_next is not None else "muted"))
    room = width - _LABEL_CELLS - 2
    told = [(label, wrap(inert(text, MOST_HELP_CHARS), room), role) for label, text, role in facts]
    lines = [one for label, pieces, role in told for one in _fact(label, _cut(pieces, most_each, room), role)]
    if most_each is not None and any(len(pieces) > most_each for _, pieces, _ in told):
        lines.append(line((f" {''.ljust(_LABEL_CELLS)}", "muted"), ("enter shows it whole", "accent")))
    return lines


def _cut(pieces: Sequence[str], most: int | None, room: int) -> Sequence[str]:
    if most is None or len(pieces) <= most:
        return pieces
    return [*pieces[: most - 1], fit(" ".join(pieces[most - 1 :]), room)]


def _change_words(entry: SettingEntry) -> str:
    if entry.shown_next is not None:
        return f"at the next start: the file says {entry.shown_next}, the node works with {entry.shown}"
    if entry.source == "environment":
        return "not here: it comes from the node's environment, which goes before the file"
    if entry.takes_effect in EFFECTS:
        return f"take effect {entry.takes_effect}"
    if entry.takes_effect == WITH_KEYS:
        return "not here: key material is changed with cortensor-tui keys"
    return f"not here: {entry.takes_effect}"


def _fact(label: str, pieces: Sequence[str], role: str) -> Iterator[Line]:
    for index, piece in enumerate(pieces):
        name = label if index == 0 else ""
        yield (Span(f" {name.ljust(_LABEL_CELLS)}", "muted"), Span(piece, role))


def preview_lines(checked: SettingChecked, width: int) -> list[Line]:
    """Return the line of the file before and after, and when it takes effect."""
    if not checked.is_change:
        return [line((" The file says so already.", "muted"))]
    place = "at its end" if checked.line is None else f"line {checked.line}"
    lines = [line((f" .env {place}", "muted"))]
    for sign, text, role in (("−", checked.line_before, "muted"), ("+", checked.line_after, "good")):
        for index, piece in enumerate(_pieces(text, width - 4)):
            lines.append((Span(f" {sign if index == 0 else ' '} ", role), Span(piece, role)))
    return [*lines, line((f" takes effect {checked.takes_effect}", "accent"))]


def _pieces(text: str, width: int) -> Sequence[str]:
    return [piece for one in text.splitlines() for piece in wrap(inert(one, 500), width)][:6]
