"""The texts of a task, whole, however long they are."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.format import number
from cortensor_tui.dashboard.present.private import PrivateTexts, answer_of, prompt_of, texts_of_task
from cortensor_tui.dashboard.present.task_report import UNKNOWN_TASK
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.widgets.pager import Pager
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.node.history_messages import GetTask, Tasks


class ReadingScreen(Panel[None]):
    """Prompt and answer of one task; tab turns from one to the other."""

    DEFAULT_CSS = """
    ReadingScreen > #panel { height: 100%; width: 100%; max-width: 124; & > #tabs { height: 1; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "tab,shift+tab,left,right,h,l",
            "turn",
            "Other text",
            id="reading.turn",
            tooltip="Prompt or answer",
        ),
        Binding("y", "app.copy", "Copy", show=False, id="reading.copy", tooltip="Copy the answer's hash"),
        Binding("p", "app.reveal", "Private", id="reading.reveal", tooltip="Show or hide private texts"),
    ]
    PANEL_HINT = "tab other text   j/k scroll   esc back"

    def __init__(self, key: TaskKey, *, is_answer_first: bool) -> None:
        self.PANEL_TITLE = f"Task {key}"
        super().__init__()
        self._key = key
        self._is_answer = is_answer_first
        self._whole: TaskView | None = None
        self._trouble = ""
        self._snapshots = -1
        self._stage: Stage | None = None
        self._shown: str | None = None

    def compose_panel(self) -> ComposeResult:
        """Yield the names of the texts, and the pager."""
        yield TextLines(self._tabs, id="tabs")
        yield Pager(id="text")

    def on_mount(self) -> None:
        """Ask for the task."""
        self.query_one(Pager).focus()
        self.take(self.dashboard.feed_state)

    def take(self, state: FeedState) -> None:
        """Ask anew where texts may have been hidden or shown since, and where the task has gone on."""
        told = state.view.task(self._key) if state.view is not None else None
        stage = self._stage if told is None else told.stage
        if state.snapshots != self._snapshots:
            self._snapshots, self._whole = state.snapshots, None
            self._show()
        elif stage == self._stage:
            return
        self._stage = stage
        self.run_worker(self._load(), group="load", exclusive=True)

    def move_ages(self) -> None:
        """Let the names show how far it was read; the text itself does not change."""
        self.query_one("#tabs", TextLines).redraw()

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does here."""
        return texts_of_task(self._whole)

    def copy_text(self) -> tuple[str, str] | None:
        """Return the answer's hash: texts are not for the clipboard."""
        found = self._whole.answer_hash if self._whole is not None else None
        return (found, "answer's hash") if found else None

    def action_turn(self) -> None:
        """Show the other text."""
        self._is_answer = not self._is_answer
        self._show()

    async def _load(self) -> None:
        try:
            reply = await self.dashboard.request(GetTask(key=self._key))
        except ProblemError as error:
            self._trouble = error.problem.sentence()
        else:
            self._whole = reply.tasks[0] if isinstance(reply, Tasks) and reply.tasks else None
            self._trouble = UNKNOWN_TASK if self._whole is None else ""
        self._show()

    def _show(self) -> None:
        text = self._text()
        if text != self._shown:  # else it would go back to the start
            self._shown = text
            self.query_one(Pager).show(text)
        self.query_one("#tabs", TextLines).redraw()

    def _text(self) -> str:
        if self._whole is None:
            return self._trouble or "Reading …"
        if self._is_answer and not self._whole.is_hidden:
            return answer_of(self._whole) or "There is no answer yet."
        return prompt_of(self._whole)

    def _tabs(self, width: int) -> list[Line]:
        spans: list[Span] = []
        for name, is_chosen in (("prompt", not self._is_answer), ("answer", self._is_answer)):
            spans += line((f" {name} ", "title cursor" if is_chosen else "muted"), " ")
        position = self.query_one(Pager).position if self.is_mounted else ""
        size = f"{number(len(self._text()))} characters, {position}" if self._whole is not None else ""
        return [(*spans, Span(f" {size}", "muted"))]


def open_texts(app: App[Any], task: TaskView, *, is_prompt_first: bool = False) -> None:
    """Read the texts of a task whole, its answer first where there is one and the prompt is not wanted."""
    is_answer_first = task.answer is not None and not is_prompt_first
    app.push_screen(ReadingScreen(task.key, is_answer_first=is_answer_first))
