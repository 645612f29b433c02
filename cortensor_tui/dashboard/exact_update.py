"""Draws and sends of a changed region no more than that region.

Textual 8.2 draws every line of every widget between the first and the last changed cell, containers too. Of a
row it sends all from the left edge of the widget to the changed cell. Over a slow line that is most of what a
live screen costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class ExactUpdate(ChopsUpdate):
    """Writes the spans, each cropped at both ends."""

    def render_segments(self, console: Console) -> str:
        """Return what to send to the terminal."""
        parts: list[str] = []
        for y, x1, x2 in self.spans:
            for (x, strip), end in zip(self.chops[y].items(), self.chop_ends[y], strict=False):
                start, stop = max(x, x1), min(end, x2)
                if strip is None or start >= stop:
                    continue
                parts.append(Control.move_to(start, y).segment.text)
                parts.append(strip.crop(start - x, stop - x).render(console))
        return "".join(parts)


class ExactCompositor(Compositor):
    """A compositor whose partial updates are exact."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Return what has changed, None where nothing has."""
        spans = list(self._regions_to_spans(self._dirty_regions))
        self._dirty_regions.clear()
        if not spans:
            return None
        width, height = self.size
        chops: list[Mapping[int, Strip]] = [{}] * height
        for top, bottom in bands(y for y, _, _ in spans if 0 <= y < height):
            rows = Region(0, top, width, bottom - top)
            chops[top:bottom] = self._render_chops(rows, rows.line_range.__contains__)[top:bottom]
        return ExactUpdate(
            chops, [span for span in spans if 0 <= span[0] < height], [cuts[1:] for cuts in self.cuts]
        )

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        """Draw of each widget the rows within `crop`."""
        if crop is None:
            yield from super()._get_renders()
            return
        for widget, (region, clip) in self.visible_widgets.items():
            seen = clip.intersection(crop)
            drawn = region.intersection(seen)
            if drawn:
                yield region, seen, widget.render_lines(drawn.translate(-region.offset))


def bands(rows: Iterable[int]) -> Sequence[tuple[int, int]]:
    """Return the runs of adjacent rows, each as its first row and the one after its last."""
    found: list[tuple[int, int]] = []
    for row in sorted(set(rows)):
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found
