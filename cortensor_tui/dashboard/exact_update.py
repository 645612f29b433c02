"""Draws and sends of a changed region no more than that region.

Textual 8.2 draws every line of every widget between the first and the last changed cell, also of containers
that are covered. Of a row it sends all from the left edge of the widget to the changed cell. Over a slow line
that is most of what a live screen costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

Cells = tuple[int, int]
"""The first cell of a run in a row, and the one after its last."""


class Piece(NamedTuple):
    """What to write at a place, in cells from the top left."""

    y: int
    x: int
    strip: Strip


class ExactUpdate(ChopsUpdate):
    """Writes pieces, each at its place."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        super().__init__([], [], [])
        self.pieces = pieces

    def render_segments(self, console: Console) -> str:
        """Return what to send to the terminal."""
        return "".join(
            part
            for y, x, strip in self.pieces
            for part in (Control.move_to(x, y).segment.text, strip.render(console))
        )


class ExactCompositor(Compositor):
    """A compositor whose partial updates are exact."""

    def render_partial_update(self) -> ExactUpdate | None:
        """Return what has changed, None where nothing has."""
        wanted = self._take_changed()
        if not wanted:
            return None
        pieces: list[Piece] = []
        for widget, (region, clip) in self.visible_widgets.items():  # those in front come first
            if not wanted:
                break
            seen = region.intersection(clip)
            found = _taken(wanted, seen)
            for top, bottom in bands(found):
                rows = Region(seen.x, top, seen.width, bottom - top)
                for y, strip in enumerate(widget.render_lines(rows.translate(-region.offset)), top):
                    pieces += [Piece(y, x1, strip.crop(x1 - seen.x, x2 - seen.x)) for x1, x2 in found[y]]
        return ExactUpdate(sorted(pieces, key=lambda piece: piece[:2]))

    def _take_changed(self) -> dict[int, list[Cells]]:
        """Return the changed cells on the screen by their rows, and begin anew."""
        changed: dict[int, list[Cells]] = {}
        screen = self.size.region
        regions = [region.intersection(screen) for region in self._dirty_regions]
        self._dirty_regions.clear()
        for y, x1, x2 in self._regions_to_spans(region for region in regions if region):
            changed.setdefault(y, []).append((x1, x2))
        return changed


def _taken(wanted: dict[int, list[Cells]], region: Region) -> dict[int, list[Cells]]:
    """Take the cells within a region out of those that are wanted, and return them by their rows."""
    found: dict[int, list[Cells]] = {}
    for y in [y for y in wanted if region.y <= y < region.bottom]:
        cells = wanted[y]
        inside = _runs((max(x1, region.x), min(x2, region.right)) for x1, x2 in cells)
        if not inside:
            continue
        found[y] = inside
        before = _runs((x1, min(x2, region.x)) for x1, x2 in cells)
        after = _runs((max(x1, region.right), x2) for x1, x2 in cells)
        if before or after:
            wanted[y] = before + after
        else:
            del wanted[y]
    return found


def _runs(cells: Iterable[Cells]) -> list[Cells]:
    return [(x1, x2) for x1, x2 in cells if x1 < x2]


def bands(rows: Iterable[int]) -> Sequence[tuple[int, int]]:
    """Return the runs of adjacent rows, each as its first row and the one after its last."""
    found: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found
