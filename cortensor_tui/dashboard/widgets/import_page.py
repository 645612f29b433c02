"""Using a settings file that exists: which one, what is understood of it, and what becomes of its key."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.cells import Line
from cortensor_tui.dashboard.present import understood as present
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.present.setup import remark_lines
from cortensor_tui.dashboard.setup import Setup
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.path_suggester import LikelyOrPath
from cortensor_tui.dashboard.widgets.setup_fields import choice_field, field_row, secret_field
from cortensor_tui.dashboard.widgets.text_lines import Composer, TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.settings import Secret
from cortensor_tui.settings.setup_draft import ImportDraft, KeyTreatment, SetUp, Understood, UnderstoodLine

PAUSE_S = 0.4
TREATMENTS = (
    ("encrypt it; the old file keeps its copy", KeyTreatment.ENCRYPT),
    ("encrypt it, and empty it in the old file", KeyTreatment.ENCRYPT_AND_BLANK),
    ("leave it in plain text", KeyTreatment.KEEP),
)
SWITCHES = (
    ("set ENABLE_DEDICATED_NODE to 1, which is 0 there", True),
    ("leave ENABLE_DEDICATED_NODE 0: the node is BLOCKED", False),
)
STARTS = "Nothing is written yet. A node that is started answers tasks with this key, and pays for them."
NOTHING_YET = "Type the path of a settings file; right arrow completes it."


class ImportPage(Vertical):
    """Reads as one types; writes nothing before the button."""

    DEFAULT_CSS = """
    ImportPage {
        height: 1fr;
        & > LineTable { height: 1fr; }
        & #summary { height: auto; margin-top: 1; }
        & #outcome { height: auto; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "r,f5",
            "read_again",
            "Read again",
            id="setup.read_again",
            tooltip="Read the file again, once mended",
        ),
    ]

    class Changed(Message):
        """A field has another value."""

        def __init__(self, draft: ImportDraft) -> None:
            super().__init__()
            self.draft = draft

    class TakenOver(Message):
        """The settings are written; `starts` tells that the node is to be started."""

        def __init__(self, set_up: SetUp, *, starts: bool) -> None:
            super().__init__()
            self.set_up = set_up
            self.starts = starts

    def __init__(self, setup: Setup, draft: ImportDraft) -> None:
        super().__init__()
        self._setup = setup
        self._draft = draft
        self._likely = setup.likely_files()
        self._found: Understood | None = None
        self._read_text = ""  # of the path that is read, or will be after a pause
        self._may_be_used = False
        self.is_writing = False
        """Whether the file is being taken over, which must not be left in the middle."""
        self._outcome: Composer = lambda _: []
        self._remark = ""
        self._pause: Timer | None = None

    def compose(self) -> ComposeResult:
        """Yield the path, the key's treatment with its password, the lines and the button."""
        draft = self._draft
        likely = str(self._likely[0]) if self._likely else ""
        path = Input(
            likely if draft.path is None else draft.path,
            placeholder="/path/to/.env",
            suggester=LikelyOrPath([str(one) for one in self._likely]),
            compact=True,
            id="path",
        )
        yield field_row("File", path)
        yield field_row("Its key", choice_field(TREATMENTS, draft.treatment, "treatment"))
        yield field_row("Password", secret_field(draft.password, "password"))
        yield field_row("Once more", secret_field(draft.password_again, "password-again"))
        yield field_row("Dedicated", choice_field(SWITCHES, draft.enables_dedicated, "dedicated"))
        yield TextLines(self._summary, id="summary")
        yield LineTable(present.UNDERSTOOD_COLUMNS, NOTHING_YET, id="understood")
        yield TextLines(lambda width: self._outcome(width), id="outcome")
        with Horizontal(classes="buttons"):
            yield Button("Write and start the node", id="use", variant="primary", compact=True, disabled=True)
            yield Button("Write only", id="write-only", compact=True, disabled=True)

    def on_mount(self) -> None:
        """Start in the path."""
        for field in self.query(Input):
            field.cursor_blink = False
        self.query_one("#path").focus()
        self._read(self.query_one("#path", Input).value)
        self._show_rows()

    def go_on(self, *, starts: bool = True) -> None:
        """Use the file, where that may be; else say what is in the way, having looked whether it still is."""
        if not self.query_one("#use", Button).disabled:
            self._use(starts=starts)
        elif self._found is None or not self._found.is_usable:
            self.action_read_again()
        elif self._remark:
            self.app.notify(self._remark, markup=False)

    def action_read_again(self) -> None:
        """Read the file as it is now, after it was mended."""
        self._read(self.query_one("#path", Input).value, is_again=True)

    @on(Input.Changed, "#path")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._keep()
        if event.value == self._read_text:
            return
        self._read_text = event.value
        self._found = None  # it was of another path, and must not be what is taken over
        self._allow(is_allowed=False)
        self._stop_pause()
        self._pause = self.set_timer(PAUSE_S, lambda: self._read(event.value))

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    @on(Input.Changed, "#password,#password-again")
    @on(Select.Changed)
    def _key_changed(self, event: Message) -> None:
        event.stop()
        self._keep()
        self._show_rows()

    def _keep(self) -> None:
        """Tell what is typed, so that it is there again whoever goes back and comes again."""
        treatment = self.query_one("#treatment", Select).value
        draft = ImportDraft(
            path=self.query_one("#path", Input).value,
            treatment=treatment if isinstance(treatment, KeyTreatment) else KeyTreatment.ENCRYPT,
            enables_dedicated=self.query_one("#dedicated", Select).value is True,
            password=Secret(self._password),
            password_again=Secret(self._password_again),
        )
        if draft != self._draft:
            self._draft = draft
            self.post_message(self.Changed(draft))

    @on(Input.Submitted)
    @on(Button.Pressed, "#use")
    def _confirmed(self, event: Message) -> None:
        event.stop()
        self.go_on()

    @on(Button.Pressed, "#write-only")
    def _confirmed_without_start(self, event: Message) -> None:
        event.stop()
        self.go_on(starts=False)

    @work(group="import", exclusive=True)
    async def _read(self, text: str, *, is_again: bool = False) -> None:
        self._stop_pause()
        self._read_text, self._found = text, None
        table = self.query_one(LineTable)
        if text.strip():
            try:
                self._found = await self._setup.understand(Path(text.strip()))
            except ProblemError as error:
                table.show([], inert(error.problem.sentence(), 300))
        if self._found is not None:
            table.show(present.understood_rows(self._found))
        elif not text.strip():
            table.show([], NOTHING_YET)
        self._show_rows()
        if is_again:
            self.app.notify(present.read_again(self._found), markup=False)

    @work(group="take-over")  # apart from reading, which would cut it short in the middle of a write
    async def _use(self, *, starts: bool) -> None:
        found, treatment, password = self._found, self._treatment, self._password
        enables_dedicated = self._enables_dedicated
        if found is None or self.is_writing:
            return
        self.is_writing = True
        self._allow(is_allowed=self._may_be_used)
        try:
            set_up = await self._setup.take_over(
                found.path, treatment, Secret(password), enables_dedicated=enables_dedicated
            )
        except ProblemError as error:
            problem = error.problem
            self.is_writing = False
            self._say(lambda width: problem_lines(problem, width))
            self._allow(is_allowed=self._may_be_used)
            return
        self.post_message(self.TakenOver(set_up, starts=starts))

    @property
    def _password(self) -> str:
        return self.query_one("#password", Input).value

    @property
    def _password_again(self) -> str:
        return self.query_one("#password-again", Input).value

    @property
    def _treatment(self) -> KeyTreatment:
        value = self.query_one("#treatment", Select).value
        has_key = self._found is not None and self._found.has_plain_key
        return value if has_key and isinstance(value, KeyTreatment) else KeyTreatment.KEEP

    @property
    def _is_off(self) -> bool:
        return self._found is not None and self._found.is_dedicated_off

    @property
    def _enables_dedicated(self) -> bool:
        return self._is_off and self.query_one("#dedicated", Select).value is True

    def _summary(self, width: int) -> list[Line]:
        return [] if self._found is None else present.summary_lines(self._found, width)

    def _show_rows(self) -> None:
        has_key = self._found is not None and self._found.has_plain_key
        needs_password = self._treatment is not KeyTreatment.KEEP
        for name in ("password", "password-again"):
            self.query_one(f"#row-{name}").display = needs_password
        self.query_one("#row-treatment").display = has_key
        self.query_one("#row-dedicated").display = self._is_off
        summary = self.query_one("#summary", TextLines)
        summary.display = self._found is not None
        summary.redraw()
        passwords = (self._password, self._password_again) if needs_password else None
        remark = self._remark = present.hindrance(self._found, passwords)
        is_ready = self._found is not None and not remark
        is_blocked = self._is_off and not self._enables_dedicated
        ready = present.WILL_BE_BLOCKED if is_blocked else STARTS
        told, is_warning = remark or (ready if is_ready else ""), bool(remark) or is_blocked
        whole = self._line_to_read()
        self._say(
            lambda width: [
                *(present.understood_lines(whole, width) if whole is not None else ()),
                *remark_lines(told, width, is_warning=is_warning),
            ]
        )
        self._allow(is_allowed=is_ready)

    def _line_to_read(self) -> UnderstoodLine | None:
        """Return the line to tell whole below the table, which may cut it: the cursor's, or a bad one."""
        table = self.query_one(LineTable)
        if self._found is None:
            return None
        if table.has_focus and table.current is not None:
            return self._found.lines[int(table.current.key)]
        bad = (one for one in self._found.lines if one.is_good is False)
        doubtful = (one for one in self._found.lines if one.is_doubtful and not self._enables_dedicated)
        return next(chain(bad, doubtful), None)

    @on(LineTable.Moved)
    @on(events.DescendantFocus)
    def _read_line(self) -> None:
        self._show_rows()

    def _allow(self, *, is_allowed: bool) -> None:
        self._may_be_used = is_allowed
        for button in self.query(Button):
            button.disabled = not is_allowed or self.is_writing

    def _say(self, composer: Composer) -> None:
        self._outcome = composer
        self.query_one("#outcome", TextLines).redraw()
