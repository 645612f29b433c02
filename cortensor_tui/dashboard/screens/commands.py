"""The command palette, under the verdict like any box."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.command import CommandPalette

from cortensor_tui.dashboard.screens.base import UnderVerdict


class Palette(CommandPalette, UnderVerdict):
    """Textual's palette, which leaves the top line free."""

    DEFAULT_CSS = """
    Palette {
        & > #verdict { dock: top; }
        & > Vertical { margin-top: 1; }
    }
    """

    def compose(self) -> ComposeResult:
        """Yield the verdict, then the palette."""
        yield self.make_verdict()
        yield from super().compose()
