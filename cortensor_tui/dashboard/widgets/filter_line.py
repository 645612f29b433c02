"""The line in which a list's filter is typed, with its mistake below it while there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError

PAUSE_S = 0.25
"""How long typing must rest before the list follows it."""
MAX_CHARS = 1_000
REFUSED = "Not applied"
"""What enter says of a text that is no filter."""
_MAX_MISTAKE_LINES = 2


class FilterLine(Vertical):
    """Hidden until opened. Enter keeps the filter, escape clears it; both give the focus back to the list. A
    mistaken one is not kept, and enter says so.

    `check` raises `ProblemError` for a text that is no filter; the last one without a mistake holds on.
    """

    DEFAULT_CSS = """
    FilterLine {
        height: auto;
        display: none;
        & > Horizontal { height: 1; }
        & TextLines { height: auto; }
        & .sign { width: 3; }
        & Input { width: 1fr; background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Clear", id="filter.back", tooltip="Clear the filter, back to the list"),
    ]

    class Wanted(Message):
        """The filter has changed to a text without a mistake; empty where everything is wanted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """Typing is over; the list wants the focus back."""

    def __init__(self, check: Callable[[str], object], hint: str, *, id: str = "filter") -> None:  # noqa: A002
        super().__init__(id=id)
        self._check = check
        self._hint = hint
        self._problem: Problem | None = None
        self._is_refused = False
        self._wanted = ""
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield the field with its sign, and the place for a mistake."""
        with Horizontal():
            yield TextLines(lambda _: [line((" / ", "accent strong"))], classes="sign")
            field = Input(placeholder=self._hint, compact=True, max_length=MAX_CHARS)
            field.cursor_blink = False
            yield field
        yield TextLines(self._mistake)

    def say_hint(self, hint: str) -> None:
        """Show another example of what can be typed."""
        self.query_one(Input).placeholder = hint

    @property
    def text(self) -> str:
        """Return the filter in force."""
        return self._wanted

    def open(self) -> None:
        """Show the line and take the focus."""
        self.display = True
        self.query_one(Input).focus()

    def set_text(self, text: str) -> None:
        """Put a filter in force that was not typed; an empty one closes the line."""
        self.query_one(Input).value = text
        self.display = bool(text) or self.query_one(Input).has_focus
        self._apply()

    def action_back(self) -> None:
        """Clear the text and leave: what is pressed next is a key again and not typed."""
        self.query_one(Input).value = ""
        self._apply()
        self._leave()

    @on(Input.Changed)
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self._check(event.value)
        except ProblemError as error:
            self._say(error.problem)
            return
        self._say(None)
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE_S, self._apply)

    @on(Input.Submitted)
    def _on_kept(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply()
        if self._problem is None:
            self._leave()
        else:
            self._is_refused = True
            self.query_one("FilterLine > TextLines", TextLines).redraw()

    def _apply(self) -> None:
        """Tell the newest text without a mistake, once."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        text = self.query_one(Input).value.strip()
        try:
            self._check(text)
        except ProblemError as error:
            self._say(error.problem)
            return
        self._say(None)
        if text != self._wanted:
            self._wanted = text
            self.post_message(self.Wanted(text))

    def _leave(self) -> None:
        self.display = bool(self._wanted)
        self.post_message(self.Left())

    def _say(self, problem: Problem | None) -> None:
        self._problem, self._is_refused = problem, False
        self.query_one("FilterLine > TextLines", TextLines).redraw()

    def _mistake(self, width: int) -> list[Line]:
        if self._problem is None:
            return []
        told = (REFUSED if self._is_refused else "", self._problem.what, self._problem.remedy)
        pieces = wrap(inert(". ".join(part for part in told if part), 400), width - 4)
        shown = pieces[: _MAX_MISTAKE_LINES + self._is_refused]
        return [
            (Span(" ✖ " if index == 0 else "   ", "bad"), Span(piece)) for index, piece in enumerate(shown)
        ]
