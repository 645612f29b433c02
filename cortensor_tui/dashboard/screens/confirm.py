"""Typed confirmation, for what cannot be undone."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.form import field
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert

_MAX_CHARS = 64


class ConfirmScreen(Panel[bool]):
    """Says what will happen; the button works once the word is typed. Dismissed with whether it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10", "confirm", "Confirm", show=False, id="confirm.do", tooltip="Do it"),
    ]
    PANEL_HINT = "type the word   f10 do it   esc back"

    def __init__(self, title: str, text: str, word: str, label: str = "Confirm") -> None:
        """`text` may hold foreign text; `word` is what has to be typed, exactly."""
        self.PANEL_TITLE = title
        super().__init__()
        self._text = text
        self._word = word
        self._label = label

    def compose_panel(self) -> ComposeResult:
        """Yield the consequences, the field and the buttons."""
        yield TextLines(self._text_lines)
        yield typed_field(self._word)
        with Horizontal(classes="buttons"):
            yield Button(self._label, id="confirm", variant="error", compact=True, disabled=True)
            yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Begin in the field."""
        typed = self.query_one("#typed", Input)
        typed.cursor_blink = False
        typed.focus()

    def action_confirm(self) -> None:
        """Go on, where the word is typed."""
        if is_typed(self.query_one("#typed", Input), self._word):
            self.dismiss(True)

    @on(Input.Changed)
    def _on_typed(self) -> None:
        is_right = is_typed(self.query_one("#typed", Input), self._word)
        self.query_one("#confirm", Button).disabled = not is_right

    @on(Input.Submitted)
    @on(Button.Pressed, "#confirm")
    def _on_confirm(self) -> None:
        self.action_confirm()

    @on(Button.Pressed, "#cancel")
    def _on_cancel(self) -> None:
        self.dismiss(False)

    def action_leave(self) -> None:
        """Close without doing it."""
        self.dismiss(False)

    def _text_lines(self, width: int) -> list[Line]:
        return [(Span(f" {piece}"),) for piece in wrap(inert(self._text, 600), max(8, width - 2))] + [()]


def typed_field(word: str) -> Horizontal:
    """Return the field in which the word is typed."""
    shown = inert(word, _MAX_CHARS)
    return field(f"Type {shown}", Input(compact=True, max_length=_MAX_CHARS, id="typed"))


def is_typed(typed: Input, word: str) -> bool:
    """Tell whether the word stands in the field."""
    return typed.value.strip() == word
