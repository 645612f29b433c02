"""No settings yet, or others wanted: the demo, a file there is, an address to watch, or a node to set up."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.present import setup as present
from cortensor_tui.dashboard.present.problems import problem_lines
from cortensor_tui.dashboard.screens.place import NEED_KEY, PlaceScreen
from cortensor_tui.dashboard.setup import DemoWanted, Setup
from cortensor_tui.dashboard.widgets.import_page import ImportPage
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.setup_page import SetupPage
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.settings.setup_draft import (
    SERVING_STEPS,
    WATCHING_STEPS,
    ImportDraft,
    SetUp,
    SetupDraft,
    Step,
)

PAUSE_S = 0.5
_OF_WHAT_A_NODE_TELLS = ("copy", "reveal")
"""Actions on what stands on other places, of which there is nothing here."""


class FirstRunScreen(PlaceScreen):
    """A menu, then pages. What was typed stays while one goes back and forth; only the last page writes."""

    PLACE = "setup"
    NEEDS_NODE = False
    DEFAULT_CSS = """
    FirstRunScreen {
        & #page { height: 1fr; }
        & #menu { height: 5; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "step_back", "Back", id="setup.back", tooltip="One step back"),
        Binding("f10", "step_on", "Next", id="setup.next", tooltip="The next step"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._draft = SetupDraft()
        self._import = ImportDraft()
        self._steps: tuple[Step, ...] = SERVING_STEPS
        self._step: Step | None = None
        self._way = present.DEMO
        self._pause: Timer | None = None
        self._is_writing = False

    @property
    def _setup(self) -> Setup | None:
        return self.dashboard.setup

    def compose_place(self) -> ComposeResult:
        """Yield the title and the room for the pages."""
        yield Heading("Set up")
        yield Container(id="page")

    def on_mount(self) -> None:
        """Begin with the menu."""
        self.call_later(self._show_menu)

    def offers(self, action: str) -> bool:
        """Leave out what is done to sessions and texts; the way on is there where a page has one."""
        if action == "step_on":
            return bool(self.query("SetupPage, ImportPage"))
        if action == "start_node":
            return super().offers(action)
        return action not in (*NEED_KEY, *_OF_WHAT_A_NODE_TELLS) and not action.startswith("go_to")

    @property
    def has_typed(self) -> bool:
        """Tell whether something was typed that is not written."""
        return self._draft != SetupDraft() or bool(self._import.password.reveal())

    # --- going back and forth --------------------------------------------------------------------

    async def action_step_back(self) -> None:
        """Go back one step; from the menu to the dashboard."""
        if self._is_writing or any(page.is_writing for page in self.query(ImportPage)):
            self.notify("The settings are being written.", timeout=3)
        elif self._step is None and self.query(LineTable).filter("#menu"):
            self.action_go_back()
        elif self._step is None or self._step is self._steps[0]:
            await self._show_menu()
        else:
            await self._show_step(self._steps[self._steps.index(self._step) - 1])

    def action_step_on(self) -> None:
        """Go on where the page allows it."""
        for page in (*self.query(SetupPage), *self.query(ImportPage)):
            page.go_on()

    async def _show_menu(self) -> None:
        self._step = None
        if self._setup is None:
            await self._show(TextLines(present.not_here_lines, id="not-here"))
            return
        path = inert(str(self._setup.settings_path), 200)
        self.query_one(Heading).say(line((f"writes {path} at the last step ", "muted")))
        menu = LineTable(present.MENU_COLUMNS, "", id="menu")
        about = TextLines(
            lambda width: present.remark_lines(present.MENU_ABOUT, width, is_warning=False), classes="spaced"
        )
        await self._show(menu, about)
        menu.show(present.MENU)
        menu.point_at(self._way)
        menu.focus()

    async def _show_step(self, step: Step) -> None:
        if self._setup is None:
            return
        self._step = step
        page = SetupPage(step, self._steps, self._draft, self._setup.networks())
        await self._show(page)
        page.say([], may_go_on=False)
        self._probe(step)

    async def _show(self, *parts: Widget) -> None:
        self._still()
        room = self.query_one("#page", Container)
        await room.remove_children()
        await room.mount(*parts)

    def _still(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None

    @on(LineTable.Opened, "#menu")
    async def _chosen(self, event: LineTable.Opened) -> None:
        if self._setup is None:
            return
        self._way = event.key
        if event.key == present.DEMO:
            self.dashboard.leave_for(DemoWanted())
        elif event.key == present.IMPORT:
            await self._show(ImportPage(self._setup, self._import))
        else:
            await self._begin(is_watching=event.key == present.WATCH)

    async def _begin(self, *, is_watching: bool) -> None:
        """Begin one of the two ways; what was typed on the other one stays."""
        self._steps = WATCHING_STEPS if is_watching else SERVING_STEPS
        self._draft = msgspec.structs.replace(self._draft, is_watching=is_watching)
        await self._show_step(self._steps[0])

    @on(ImportPage.Changed)
    def _import_changed(self, event: ImportPage.Changed) -> None:
        self._import = event.draft

    @on(ImportPage.TakenOver)
    async def _taken_over(self, event: ImportPage.TakenOver) -> None:
        await self._finish(event.set_up, starts=event.starts)

    async def _finish(self, set_up: SetUp, *, starts: bool) -> None:
        """Open the dashboard on what was written, or say what was and how to start it."""
        if starts:
            self.dashboard.leave_for(set_up)
            return
        self._step, self._draft, self._import = None, SetupDraft(), ImportDraft()
        await self._show(TextLines(lambda width: present.written_lines(set_up, width), id="written"))
        self.refresh_bindings()

    @on(SetupPage.Changed)
    def _changed(self, event: SetupPage.Changed) -> None:
        self._draft = event.draft
        if self._step is None:
            return
        step = self._step
        self.query_one(SetupPage).say([line((" Trying it …", "muted"))], may_go_on=False)
        self._still()
        self._pause = self.set_timer(PAUSE_S, lambda: self._probe(step))

    @on(SetupPage.Back)
    async def _page_back(self) -> None:
        await self.action_step_back()

    @on(SetupPage.Next)
    async def _page_next(self) -> None:
        if self._step is None:
            return
        if self._step is Step.SUMMARY:
            self._write(starts=True)
        else:
            await self._show_step(self._steps[self._steps.index(self._step) + 1])

    @on(SetupPage.WriteOnly)
    def _write_only(self) -> None:
        self._write(starts=False)

    # --- what is asked and written ---------------------------------------------------------------

    @work(group="setup", exclusive=True)
    async def _probe(self, step: Step) -> None:
        setup = self._setup
        if setup is None:
            return
        if step is Step.SUMMARY:
            self._summarise(setup)
            return
        self._say([line((" Trying it …", "muted"))] if step is not Step.NETWORK else [], may_go_on=False)
        draft = self._draft
        findings = await setup.probe(step, draft)
        if step is self._step and draft is self._draft:
            is_good = all(one.is_good is not False for one in findings)
            may_go_on = is_good and (step is not Step.NETWORK or bool(draft.chain_id))
            if step is Step.NETWORK and not may_go_on:
                findings = (present.NO_CHOICE,)
            self._say(present.finding_lines(findings, self._width), may_go_on=may_go_on)

    def _summarise(self, setup: Setup) -> None:
        try:
            lines = setup.summary(self._draft)
        except ProblemError as error:
            self._say(problem_lines(error.problem, self._width), may_go_on=False)
            return
        path = str(setup.settings_path)
        kept = [] if self._draft.is_watching else present.password_lines(self._width)
        self._say([*present.file_lines(lines, path, self._width), *kept], may_go_on=True)

    @work(group="writing")  # apart from trying, which would cut it short
    async def _write(self, *, starts: bool) -> None:
        if self._setup is None or self._is_writing:
            return
        self._is_writing = True
        self._say([line((" Writing what was set up …", "muted"))], may_go_on=False)
        try:
            set_up = await self._setup.write(self._draft)
        except ProblemError as error:
            self._say(problem_lines(error.problem, self._width), may_go_on=True)
        else:
            await self._finish(set_up, starts=starts)
        finally:
            self._is_writing = False

    def _say(self, lines: list[Line], *, may_go_on: bool) -> None:
        for page in self.query(SetupPage):
            page.say(lines, may_go_on=may_go_on)

    @property
    def _width(self) -> int:
        return max(30, self.size.width - 4)
