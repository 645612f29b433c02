"""A question with a few answers, each a key and a button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Key
from textual.widgets import Button

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.text_lines import TextLines


class Answer(NamedTuple):
    """One answer: the key that gives it, its words, and what the asker gets."""

    key: str
    words: str
    result: str


class AskScreen(Panel[str]):
    """Gives the result of the chosen answer, None for esc. The first answer has the focus."""

    def __init__(self, title: str, question: str, answers: Sequence[Answer]) -> None:
        self.PANEL_TITLE = title
        self.PANEL_HINT = "esc stay"
        super().__init__()
        self._question = question
        self._answers = tuple(answers)

    def compose_panel(self) -> ComposeResult:
        """Yield the question over the answers."""
        yield TextLines(self._lines)
        with Horizontal(classes="buttons"):
            for answer in self._answers:
                yield Button(f"{answer.words} ({answer.key})", id=answer.result, compact=True)

    def on_key(self, event: Key) -> None:
        """Take an answer by its key."""
        for answer in self._answers:
            if event.key == answer.key:
                event.stop()
                self.dismiss(answer.result)

    @on(Button.Pressed)
    def _on_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id)

    def _lines(self, width: int) -> list[Line]:
        return [(Span(piece),) for part in self._question.split("\n") for piece in wrap(part, width)]


class DiscardScreen(AskScreen):
    """Asks before what was typed is thrown away; `IS_MEANT` is the answer that it may be."""

    IS_MEANT = "discard"

    def __init__(self, what_stays: str) -> None:
        answers = (Answer("x", "Discard", self.IS_MEANT),)
        super().__init__("Discard what you typed?", what_stays, answers)
