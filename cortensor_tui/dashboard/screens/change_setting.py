"""Changing one setting: typed, checked by the node as one types, shown before and after, then written."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.theme import BUILTIN_THEMES
from textual.timer import Timer
from textual.widgets import Button, Input

from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.present import settings as present
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.screens.ask import DiscardScreen
from cortensor_tui.dashboard.screens.base import Panel
from cortensor_tui.dashboard.screens.fields import field
from cortensor_tui.dashboard.themes import DEFAULT_THEME
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.settings_messages import (
    ChangeSetting,
    CheckSetting,
    SettingChanged,
    SettingChecked,
    SettingEntry,
)

DEBOUNCE_S = 0.25
MAX_CHARS = 4_000
_CHECKING = "checking"
_WRITTEN_ONLY = "written; the node takes it at its next start"
_TAKEN = "written, and the node works with it now"
_SHOWN = "written, and this dashboard shows it now"
_AT_OPENING = "written; a dashboard takes it when it is opened next"


class ChangeSettingScreen(Panel[None]):
    """One field; what the file would say is asked of the node, which reads and writes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10", "write", "Write", show=False, id="setting.write", tooltip="Write the change"),
        Binding("f8", "default", "Default", show=False, id="setting.default", tooltip="Back to the default"),
    ]

    def __init__(self, entry: SettingEntry) -> None:
        self.PANEL_TITLE = entry.key
        self.PANEL_HINT = (
            "enter write   f8 default   esc back" if present.can_change(entry) else "pgdn further   esc back"
        )
        super().__init__()
        self._entry = entry
        self._checked: SettingChecked | None = None
        self._asked: str | None = None
        self._refused: Problem | None = None
        self._outcome: list[Line] = []
        self._pause: Timer | None = None

    def compose_panel(self) -> ComposeResult:
        """Yield what it is, the field, and the place for what would happen."""
        entry = self._entry
        about = msgspec.structs.replace(entry, accepted=self._themes) if entry.key == present.THEME else entry
        yield TextLines(lambda width: present.about_lines(about, width))
        value = Input(entry.text or "", compact=True, max_length=MAX_CHARS, id="value")
        value.cursor_blink = False
        value.placeholder = "a new value; the one in force is not shown" if entry.text is None else "default"
        row = field(" Value", value)
        row.add_class("spaced")
        row.display = present.can_change(entry)
        yield row
        with Horizontal(classes="buttons"):
            if present.can_change(entry):
                yield Button("Write", id="write", variant="primary", compact=True, disabled=True)
                yield Button("Default", id="default", compact=True, disabled=entry.is_default)
            yield Button("Cancel" if present.can_change(entry) else "Close", id="cancel", compact=True)
        yield TextLines(lambda _: self._outcome, id="outcome", classes="spaced")

    def on_mount(self) -> None:
        """Start in the field; say at once what cannot be changed here."""
        if present.can_change(self._entry):
            self.query_one("#value", Input).focus()
        else:
            self.query_one("#cancel", Button).focus()
            self._check("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what changes where nothing can be; then the node says why not."""
        return present.can_change(self._entry) or action not in ("write", "default")

    def action_write(self) -> None:
        """Write what was checked, or say why there is nothing to write."""
        if self._checked is not None and self._checked.is_change:
            self._allow(is_allowed=False)
            self._write(self._asked, self._checked)
            return
        told = "the file says so already" if self._checked is not None else "it is still being checked"
        if self._refused is not None:
            told = self._refused.what
        self.notify(told, title="Nothing was written", severity="warning", timeout=5)

    def action_default(self) -> None:
        """Show what taking the setting out of the file would do; writing confirms it."""
        with self.prevent(Input.Changed):
            self.query_one("#value", Input).value = ""
        self._check(None)
        self.query_one("#write", Button).focus()

    @on(Input.Changed, "#value")
    def _typed(self, event: Input.Changed) -> None:
        if self._pause is not None:
            self._pause.stop()
        self._forget()
        self._pause = self.set_timer(DEBOUNCE_S, lambda: self._check(event.value))

    @on(Input.Submitted, "#value")
    @on(Button.Pressed, "#write")
    def _confirmed(self) -> None:
        self.action_write()

    @on(Button.Pressed, "#default")
    def _default_pressed(self) -> None:
        self.action_default()

    @on(Button.Pressed, "#cancel")
    def _cancelled(self) -> None:
        self.action_leave()

    def action_leave(self) -> None:
        """Close, after a question where a value was typed."""
        typed = self.query_one("#value", Input).value
        if typed in ("", self._entry.text):
            self.dismiss(None)
        else:
            self.app.push_screen(DiscardScreen("Nothing of it has been written."), self._on_discard)

    def _on_discard(self, answer: str | None) -> None:
        if answer == DiscardScreen.IS_MEANT:
            self.dismiss(None)

    def _check(self, value: str | None) -> None:
        if self._pause is not None:  # what was typed before is no longer meant
            self._pause.stop()
        if not self.is_open:
            return
        self._forget()
        self._ask(value)

    @work(group=_CHECKING, exclusive=True)
    async def _ask(self, value: str | None) -> None:
        if self._entry.key == present.THEME and value and value.strip() not in self.app.available_themes:
            self._refuse(self._no_theme(value.strip()))
            return
        try:
            reply = await self.dashboard.request(CheckSetting(name=self._entry.key, value=value))
        except ProblemError as error:
            self._refuse(error.problem)
            return
        if isinstance(reply, SettingChecked):
            self._checked, self._asked = reply, value
            self._allow(is_allowed=reply.is_change)
            self._say(present.preview_lines(reply, self._width))

    @work(group="writing", exclusive=True)  # of its own: typing on must not hide that it was written
    async def _write(self, value: str | None, checked: SettingChecked) -> None:
        body = ChangeSetting(name=self._entry.key, value=value, fingerprint=checked.fingerprint)
        try:
            reply = await self.dashboard.request(body)
        except ProblemError as error:
            self._forget()
            self._refuse(error.problem)
            return
        if isinstance(reply, SettingChanged):
            self._written(reply)

    def _written(self, changed: SettingChanged) -> None:
        theme = changed.entry.text or DEFAULT_THEME
        told = _TAKEN if changed.is_applied else _WRITTEN_ONLY
        if changed.entry.takes_effect == present.AT_OPENING:
            told = _AT_OPENING
        if self._entry.key == present.THEME and theme in self.app.available_themes:
            self.app.theme, told = theme, _SHOWN
        self.notify(f"{changed.entry.key} is {told}.", markup=False, timeout=4)
        self.dismiss(None)

    def _forget(self) -> None:
        self.workers.cancel_group(self, _CHECKING)  # its answer would be about another value by then
        self._checked = self._refused = None
        self._allow(is_allowed=False)
        self._say([])

    def _allow(self, *, is_allowed: bool) -> None:
        for button in self.query("#write").results(Button):
            button.disabled = not is_allowed

    def _refuse(self, problem: Problem) -> None:
        self._refused = problem
        self._say(problem_lines(problem, self._width))

    def _no_theme(self, name: str) -> Problem:
        what, remedy = f"There is no theme {name}", f"Give {self._themes}"
        return Problem(code="no_theme", what=what, why="", remedy=remedy)

    @property
    def _themes(self) -> str:
        own = sorted(set(self.app.available_themes) - set(BUILTIN_THEMES))
        return f"one of {', '.join(own)}, or one of Textual's own, such as nord"

    def _say(self, lines: list[Line]) -> None:
        self._outcome = lines
        self.query_one("#outcome", TextLines).redraw()

    @property
    def _width(self) -> int:
        return max(20, self.query_one("#outcome").size.width)
