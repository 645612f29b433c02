"""The first screen: what all places share, drawn while the first place is loaded."""

from __future__ import annotations

from textual.app import ComposeResult

from cortensor_tui.dashboard.places import FIRST
from cortensor_tui.dashboard.screens.place import PlaceScreen


class StartScreen(PlaceScreen):
    """Looks as the first place does without a node, which is there a moment later."""

    PLACE = FIRST.name
    HAS_REMEDY = True

    def compose_place(self) -> ComposeResult:
        """Yield nothing."""
        yield from ()
