"""The yardstick: the smallest Textual application that draws something."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

TEXT = "A bare Textual application with one line of text that never changes."


class Bare(App[None]):
    """One line."""

    def compose(self) -> ComposeResult:
        """Yield it."""
        yield Static(TEXT)


if __name__ == "__main__":
    Bare().run()
