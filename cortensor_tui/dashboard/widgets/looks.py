"""How each role of a span looks in a theme.

A table and no CSS: as component classes, each of these roles would be looked up anew for each widget at every
change of any class above it, which was a third of the time to the first screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from textual.color import Color

from cortensor_tui.dashboard.links import LINK
from cortensor_tui.dashboard.themes import TERMINALS_OWN

_INKS = {
    "muted": "muted",
    "stale": "muted",
    "header": "muted",
    "good": "success",
    "warn": "warning",
    "bad": "error",
    "accent": "accent",
    "title": "accent",
    "rule": "rule",
    "bar": "secondary",
}
_PAPERS = {"cursor": "cursor"}
_REVERSED = Style(reverse=True)
_BOLD = frozenset({"strong", "title"})
_DIM = frozenset({"stale"})
ROLES = ("plain", *dict.fromkeys((*_INKS, *_PAPERS, *_BOLD, *_DIM)))


def look(role: str, plain: Style, theme: Mapping[str, str]) -> Style:
    """Return the style of a role over the plain one; "a b" is b over a. `theme` holds colors by name.

    A theme whose cursor has no color of its own reverses its row, without the colors of what stands in it:
    nobody knows how those of a terminal look on each other.
    """
    style, names = plain, role.split()
    if "cursor" in names and theme["cursor"] == TERMINALS_OWN:
        return style + _style(None, None, not _BOLD.isdisjoint(names), False) + _REVERSED
    for name in names:
        if name.startswith(LINK):
            style += Style(link=name.removeprefix(LINK))
        ink, paper = _INKS.get(name), _PAPERS.get(name)
        style += _style(
            None if ink is None else theme[ink],
            None if paper is None else theme[paper],
            name in _BOLD,
            name in _DIM,
        )
    return style


@lru_cache(256)
def _style(ink: str | None, paper: str | None, is_bold: bool, is_dim: bool) -> Style:
    return Style(
        color=None if ink is None else Color.parse(ink).rich_color,
        bgcolor=None if paper is None else Color.parse(paper).rich_color,
        bold=is_bold or None,
        dim=is_dim or None,
    )
