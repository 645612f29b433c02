"""The node's log: filtered, followed or standing still, and back into its files."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.format import number
from cortensor_tui.dashboard.present.freshness import as_it_was
from cortensor_tui.dashboard.present.log_rows import log_details, log_row, log_text
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.log_view import LogView
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.log_filter_text import parse_log_filter
from cortensor_tui.domain.logs import LogFilter, LogLine
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.log_messages import GetLogs, LogCursor, Logs

READING = "Reading the node's log …"
NO_LINES = "No log lines yet. The node writes here what it does and what it meets."
PAGE_LINES = 200
MOST_HELD = 2_000
SEARCHES_AT_ONCE = 8
"""One answer searches a few megabytes; so many follow one another before a key is wanted again."""


class LogsScreen(PlaceScreen):
    """Asks the node once a second while it is looked at; nothing is sent to those who do not look."""

    PLACE = "logs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="logs.filter", tooltip="Filter the lines"),
        Binding("f,space", "follow", "Follow", id="logs.follow", tooltip="Follow, or stand still"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._wanted = LogFilter()
        self._newest = 0
        self._behind = 0
        self._earlier: LogCursor | None = None
        self._snapshots = 0
        self._problem: Problem | None = None
        self._is_searching = False
        self._is_read = False

    def compose_place(self) -> ComposeResult:
        """Yield the lines under their title, and the filter below them."""
        yield Heading("Logs")
        yield LogView(self._row, id="log")
        yield FilterLine(parse_log_filter, "level:warning task:0/12 room:chain words")

    def on_mount(self) -> None:
        """Start in the lines."""
        self._tail.focus()

    @property
    def _tail(self) -> LogView:
        return self.query_one(LogView)

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Read anew where the node or what may be seen of it is another than before."""
        if state.snapshots != self._snapshots:
            self._snapshots = state.snapshots
            self._start_over()

    def move_ages(self, state: FeedState, view: NodeView) -> None:
        """Ask for what is new."""
        self.show_view(state, view)
        if state.link is Link.LIVE:
            self._ask_for_newer()
        if self.sight.is_past:
            self._say()

    def copy_text(self) -> tuple[str, str] | None:
        """Return the line under the cursor."""
        current = self._tail.current
        return None if current is None else (log_text(current), "line")

    def action_filter(self) -> None:
        """Open the filter line."""
        self.query_one(FilterLine).open()

    def action_follow(self) -> None:
        """Follow, or stand still."""
        if self._tail.is_following:
            self._freeze()
        else:
            self._follow()

    @on(FilterLine.Wanted)
    def _on_filter(self, event: FilterLine.Wanted) -> None:
        self._wanted = parse_log_filter(event.text)
        self._tail.is_following = True
        self._start_over()

    @on(FilterLine.Left)
    def _on_filter_left(self) -> None:
        self._tail.focus()

    @on(LogView.Froze)
    def _freeze(self) -> None:
        self._tail.is_following = False
        self._tail.redraw()
        self._say()

    @on(LogView.Followed)
    def _follow(self) -> None:
        self._tail.is_following = True
        self._tail.redraw()
        self._start_over()

    @on(LogView.Opened)
    def _open(self, event: LogView.Opened) -> None:
        details = log_details(event.line)
        self.app.push_screen(DetailScreen("Log line", lambda _: details, copy=log_text(event.line)))

    @on(LogView.NearStart)
    def _ask_for_older(self) -> None:
        if self._earlier is not None and not self._is_searching:
            self._is_searching = True
            self.run_worker(self._read_older(), group="older log", exclusive=True)

    # --- asking ----------------------------------------------------------------------------------

    def _start_over(self) -> None:
        self._is_searching = self._is_read = False
        self.workers.cancel_group(self, "older log")
        if not self._tail.count:
            self._tail.show((), self._nothing())
        self.run_worker(self._read_newest(), group="log", exclusive=True)

    def _ask_for_newer(self) -> None:
        if not any(worker.group == "log" and worker.is_running for worker in self.workers):
            self.run_worker(self._read_newer(), group="log", exclusive=True)

    async def _read_newest(self) -> None:
        reply = await self._ask()
        if reply is None:
            return
        self._newest, self._behind, self._earlier = reply.newest, 0, reply.earlier
        self._tail.show(reply.lines, self._nothing())
        self._say()
        if len(reply.lines) < self._tail.size.height:
            self._ask_for_older()

    async def _read_newer(self) -> None:
        is_following = self._tail.is_following
        reply = await self._ask(after=self._newest, limit=PAGE_LINES if is_following else 0)
        if reply is None:
            return
        if reply.newest < self._newest:
            await self._read_newest()  # the node has started anew
        elif not is_following:
            self._behind = reply.left_out
        elif reply.left_out or self._tail.count + len(reply.lines) > MOST_HELD:
            await self._read_newest()
        else:
            self._newest = reply.newest
            self._tail.append(reply.lines)
        self._say()

    async def _read_older(self) -> None:
        try:
            for _ in range(SEARCHES_AT_ONCE):
                self._say()
                reply = await self._ask(before=self._earlier) if self._earlier is not None else None
                if reply is None:
                    return
                self._earlier = reply.earlier
                if reply.lines:
                    self._add_older(reply)
                    return
        finally:
            self._is_searching = False
            self._say()

    def _add_older(self, reply: Logs) -> None:
        if self._tail.count:
            self._tail.prepend(reply.lines, MOST_HELD)
        else:
            self._tail.show(reply.lines)

    async def _ask(
        self, after: int | None = None, before: LogCursor | None = None, limit: int = PAGE_LINES
    ) -> Logs | None:
        """Return the node's answer, None where there is none; why is shown."""
        wanted = self._wanted
        body = GetLogs(
            task=wanted.task,
            level=wanted.level,
            room=wanted.room,
            words=wanted.words,
            after=after,
            before=before,
            limit=limit,
        )
        try:
            reply = await self.dashboard.request(body)
        except ProblemError as error:
            self._problem = error.problem
            self._say()
            return None
        self._problem, self._is_read = None, True
        return reply if isinstance(reply, Logs) else None

    # --- what is shown ---------------------------------------------------------------------------

    def _row(self, one: LogLine, width: int) -> Line:
        return log_row(one, self.dashboard.now(), width)

    def _nothing(self) -> str:
        if not self._is_read:
            return READING
        if self._wanted.wants_all:
            return NO_LINES
        return f"No line matches {inert(self.query_one(FilterLine).text, 60)}. / changes the filter."

    def _say(self) -> None:
        self.query_one(Heading).say(self._remark())
        if not self._tail.count:
            self._tail.show((), self._problem.sentence() if self._problem else self._nothing())

    def _remark(self) -> Line:
        if self._problem is not None:
            return line((f"▲ not read: {inert(self._problem.what, 60)}", "warn"))
        if self.sight.is_past:
            return as_it_was(self.sight)
        if self._is_searching:
            return line(("looking further back …", "muted"))
        if self._tail.is_following:
            return line(("following", "muted"))
        if not self._behind:
            return line(("frozen, f follows", "accent"))
        lines = "line" if self._behind == 1 else "lines"
        return line((f"frozen, +{number(self._behind)} {lines}, f follows", "accent"))
