"""Typed confirmation, for what cannot be undone."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.fields import field
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert

_MAX_WORD_CHARS = 64
_MAX_TEXT_CHARS = 1_000


class ConfirmScreen(Panel[bool]):
    """Says what will happen; the button works once the word is typed. Dismissed with whether it was."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10", "confirm", "Confirm", show=False, id="confirm.do", tooltip="Do it"),
    ]
    PANEL_HINT = "type the word   enter do it   esc back"

    def __init__(self, title: str, text: str, word: str, label: str = "Confirm") -> None:
        """`text` may hold foreign text; `word` is what has to be typed, exactly."""
        self.PANEL_TITLE = title
        super().__init__()
        self._text = text
        self._word = word
        self._label = label
        self._remark: Line = ()

    def compose_panel(self) -> ComposeResult:
        """Yield the consequences, the field and the buttons."""
        yield TextLines(self._text_lines)
        shown = inert(self._word, _MAX_WORD_CHARS)
        yield field(f"Type {shown}", Input(compact=True, max_length=_MAX_WORD_CHARS, id="typed"))
        yield TextLines(lambda width: [self._remark], id="remark")
        with Horizontal(classes="buttons"):
            yield Button(self._label, id="confirm", variant="error", compact=True, disabled=True)
            yield Button("Back", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Begin in the field."""
        typed = self.query_one("#typed", Input)
        typed.cursor_blink = False
        typed.focus()

    def action_confirm(self) -> None:
        """Go on, where the word is typed."""
        if self._is_typed:
            self.dismiss(True)
        else:
            self._say(f"That is not {inert(self._word, _MAX_WORD_CHARS)}: nothing was sent.")

    @property
    def _is_typed(self) -> bool:
        return self.query_one("#typed", Input).value.strip() == self._word

    @on(Input.Changed)
    def _on_typed(self) -> None:
        self.query_one("#confirm", Button).disabled = not self._is_typed
        self._say("")

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

    def _say(self, text: str) -> None:
        self._remark = line((f" {text}", "warn")) if text else ()
        self.query_one("#remark", TextLines).redraw()

    def _text_lines(self, width: int) -> list[Line]:
        pieces = wrap(inert(self._text, _MAX_TEXT_CHARS), max(8, width - 2))
        return [*((Span(f" {piece}", "warn"),) for piece in pieces), ()]
