"""Sends of a changed region no more than that region.

Textual 8.2 crops a partial update at its right end only: with one changed cell it sends everything from the
widget's left edge to that cell. Over a slow line that is most of what a live screen costs.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


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
        update = super().render_partial_update()
        return None if update is None else ExactUpdate(update.chops, update.spans, update.chop_ends)
