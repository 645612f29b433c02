"""A toast as one line."""

from __future__ import annotations

from cortensor_tui.dashboard.cells import Line, Span, line, spread
from cortensor_tui.dashboard.toasts import Toast

_MARKS = {"warn": "▲", "bad": "✖"}


def toast_line(toast: Toast, others: int, list_key: str, width: int) -> Line:
    """Return a toast, cut to the width, and how many others stand.

    `list_key` is the key of the list that has the whole text, empty where it does not work.
    """
    mark = _MARKS.get(toast.role, "")
    title = f"{toast.title}: " if toast.title and toast.text else toast.title
    said = line((f" {mark}" if mark else "", toast.role), (f" {title}", f"{toast.role} strong"), toast.text)
    return spread(said, _rest(toast, others, list_key), width)


def _rest(toast: Toast, others: int, list_key: str) -> Line:
    more = Span(f" and {others} more" if others else "", "muted")
    if not list_key or not (toast.cause or others):
        return (more, Span(" "))
    return more, Span(f" {list_key} ", "accent strong"), Span("Notices ", "muted")
