"""Every setting of the node: its value, where it is from, and the way to change it."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import settings as present
from cortensor_tui.dashboard.present.freshness import as_it_was
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.settings_messages import GetSettings, SettingEntry, SettingsTold

AGAIN = "Press r to ask again."
LOADING = "Asking the node for its settings …"
NOTHING_FITS = "No setting fits the filter. Press / then esc to clear it."
MOST_FAULT_LINES = 4
MOST_LINES_EACH = 2


class SettingsScreen(PlaceScreen):
    """A list that is asked for when the place is looked at, and after each change."""

    PLACE = "settings"
    DEFAULT_CSS = """
    SettingsScreen {
        & #faults { height: auto; }
        & #list-pane { height: 1fr; & > LineTable { height: 1fr; } }
        & #about-pane, & #about { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e,enter", "change", "Change", id="settings.change", tooltip="Change the setting"),
        Binding(
            "slash", "filter", "Filter", key_display="/", id="settings.filter", tooltip="Filter the list"
        ),
        Binding("c", "only_changed", "Changed", id="settings.changed", tooltip="Only what was changed"),
        Binding("r,f5", "read_again", "Read again", show=False, id="settings.read", tooltip="Ask anew"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._told: SettingsTold | None = None
        self._problem: Problem | None = None
        self._about: SettingEntry | None = None
        self._snapshots = 0

    def compose_place(self) -> ComposeResult:
        """Yield faults of the file, the list, its filter and what the chosen setting is for."""
        with Vertical(id="list-pane"):
            yield Heading("Settings")
            yield TextLines(self._fault_lines, id="faults")
            yield LineTable(present.COLUMNS, LOADING, id="settings")
            yield FilterLine(lambda _: None, present.FILTER_HINT)
        with Vertical(id="about-pane"):
            yield Heading("About it")
            yield TextLines(self._about_lines, id="about")

    def on_mount(self) -> None:
        """Start in the list."""
        self.query_one(LineTable).focus()

    def on_screen_resume(self) -> None:
        """Ask again: another dashboard, or an editor, may have changed something."""
        super().on_screen_resume()
        self.action_read_again()

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Ask as soon as there is a node to ask, and again after a gap: it may be one with other settings."""
        if state.snapshots != self._snapshots:
            self._snapshots = state.snapshots
            self.action_read_again()

    def move_ages(self, state: FeedState, view: NodeView) -> None:
        """Show what the setting under the cursor is for, and how old all is where the node is silent."""
        self._show_about()
        if self.sight.is_past:
            self._show()

    # --- what the keys do ------------------------------------------------------------------------

    def action_read_again(self) -> None:
        """Ask the node for all settings."""
        if self.dashboard.view is not None:
            self._read()

    def action_filter(self) -> None:
        """Open the filter line."""
        self.query_one(FilterLine).open()

    def action_only_changed(self) -> None:
        """Show what is not the default, or all again."""
        words = self.query_one(FilterLine).text.split()
        is_on = present.CHANGED in words
        kept = [word for word in words if word != present.CHANGED]
        self.query_one(FilterLine).set_text(" ".join(kept if is_on else [*kept, present.CHANGED]))

    def action_change(self) -> None:
        """Open the form of the setting under the cursor."""
        self.query_one(LineTable).action_open()

    @on(LineTable.Opened)
    def _open(self, event: LineTable.Opened) -> None:
        from cortensor_tui.dashboard.screens.change_setting import ChangeSettingScreen

        entry = self._entry(event.key)
        if entry is not None:
            self.app.push_screen(ChangeSettingScreen(entry))

    @on(FilterLine.Wanted)
    def _filter(self) -> None:
        self._show()

    @on(FilterLine.Left)
    def _left(self) -> None:
        self.query_one(LineTable).focus()

    @on(LineTable.Moved)
    def _show_about(self) -> None:
        row = self.query_one(LineTable).current
        about = None if row is None else self._entry(row.key)
        if about != self._about:
            self._about = about
            self.query_one("#about", TextLines).redraw()

    # --- what it shows ---------------------------------------------------------------------------

    @work(group="settings", exclusive=True)
    async def _read(self) -> None:
        try:
            reply = await self.dashboard.request(GetSettings())
        except ProblemError as error:
            self._problem = error.problem
        else:
            if isinstance(reply, SettingsTold):
                self._told, self._problem = reply, None
        self._show()

    def _show(self) -> None:
        table = self.query_one(LineTable)
        if self._told is None:
            refused = "" if self._problem is None else f"{inert(self._problem.sentence(), 500)} {AGAIN}"
            table.show([], refused or LOADING)
            return
        rows = present.rows(self._told, self.query_one(FilterLine).text)
        table.show(rows, NOTHING_FITS)
        path = inert(self._told.path, 200)
        remark = as_it_was(self.sight) or present.remark(self._told, len(rows))
        self.query_one(Heading).say((*line((f"{path} · ", "muted")), *remark))
        self.query_one("#faults", TextLines).redraw()
        self._show_about()

    def _entry(self, key: str) -> SettingEntry | None:
        entries = self._told.entries if self._told else ()
        return next((entry for entry in entries if entry.key == key), None)

    def _fault_lines(self, width: int) -> list[Line]:
        if self._told is None:
            return []
        return present.fault_lines(self._told, width, MOST_FAULT_LINES)

    def _about_lines(self, width: int) -> list[Line]:
        return present.about_lines(self._about, width, MOST_LINES_EACH)
