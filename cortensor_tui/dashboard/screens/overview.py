"""The dashboard itself: verdict, what the node depends on, sessions, live inference, charts, transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.format import duration
from cortensor_tui.dashboard.present import tables
from cortensor_tui.dashboard.present.dependency_lines import column_lines, paired_lines
from cortensor_tui.dashboard.present.freshness import Sight, as_it_was
from cortensor_tui.dashboard.present.past import past_remark
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_run
from cortensor_tui.dashboard.present.session_table import are_known
from cortensor_tui.dashboard.present.throughput import LENGTHS_S, throughput
from cortensor_tui.dashboard.screens.inference_pane import InferencePane
from cortensor_tui.dashboard.screens.place import LEAST_SIZE, PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.chart import Chart, Series
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading, OpenableLines, TextLines
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.throughput import MINUTE_S

if TYPE_CHECKING:
    from cortensor_tui.dashboard.present.details import Details

NO_SESSIONS = "No sessions yet. Press n to create one, or bind this node to one with a."
NOT_READ = "Unknown until the chain is read. 5 shows how its endpoints stand."
NO_TRANSACTIONS = "No transactions yet. They appear as the node answers tasks."
CHARTS = ("decode", "prefill", "hourly")
PULSE = ("latency", "head-age")
_WELL = (Verdict.SERVING, Verdict.WATCHING)


class Picture(msgspec.Struct, frozen=True):
    """What the content shows, and the moment at which it is so."""

    state: FeedState
    at: float


class OverviewScreen(PlaceScreen):
    """Everything at a glance; details are one enter away. The content can be frozen, the header never is."""

    PLACE = "dashboard"
    HAS_REMEDY = True
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST_SIZE[1], "-short"), (24, "-high"), (34, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "why", "Why", show=False, id="main.why", tooltip="Why no tasks come"),
        Binding("i", "node_details", "Node", show=False, id="main.node", tooltip="The node in full"),
        Binding("space,f", "freeze", "Freeze", show=False, id="main.freeze", tooltip="Freeze the picture"),
        Binding("b", "next_run", "Next run", show=False, id="main.run", tooltip="The run beside this one"),
        Binding("z", "zoom", "Span", show=False, id="main.zoom", tooltip="Time the charts span"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._frozen: Picture | None = None
        self._length_s = LENGTHS_S[0]
        self._charted: tuple[object, ...] | None = None
        self._is_pulse_drawn = False
        self._is_listed = False
        self._headings: tuple[Heading, ...] = ()

    def make_header(self) -> TextLines:
        """Return the verdict, behind which is why no tasks come."""
        return OpenableLines(self._header, id="verdict")

    def compose_place(self) -> ComposeResult:
        """Build all panes once; what is shown of them depends on state and size."""
        with Container(id="panes"):
            with Vertical(id="left"):
                with Vertical(id="node-pane", classes="pane"):
                    yield Heading("Node")
                    yield TextLines(self._dependencies, id="status")
                with Vertical(id="sessions-pane", classes="pane"):
                    yield Heading("Sessions")
                    yield LineTable(tables.SESSION_COLUMNS, NO_SESSIONS, id="sessions", keeps_row=True)
                with Container(id="pulse"):
                    for name in PULSE:
                        yield Chart(id=name)
            with Vertical(id="right"):
                yield InferencePane()
                with Container(id="charts"):
                    for name in CHARTS:
                        yield Chart(id=name)
        with Vertical(id="transactions-pane", classes="pane"):
            yield Heading("Transactions")
            yield LineTable(tables.TRANSACTION_COLUMNS, NO_TRANSACTIONS, id="transactions")

    @property
    def _picture(self) -> Picture:
        """Return what the content shows: the newest state, or the one that was frozen."""
        return self._frozen or Picture(self.state, self.dashboard.now())

    @property
    def _inference(self) -> InferencePane:
        return self.query_one(InferencePane)

    @property
    def sight(self) -> Sight:
        """Return how sure what the content shows is, also where it was frozen."""
        return Sight.of(self._picture.state, self._picture.at)

    def on_screen_resume(self) -> None:
        """Catch up at once, also with what is drawn seldom while it is looked at."""
        if self.is_whole:
            self._inference.catch_up()
            self._charted = None
            self._is_listed = False

    def on_mount(self) -> None:
        """Start in the list of sessions."""
        self._headings = tuple(self.query(Heading))
        self.query_one("#sessions", LineTable).focus()

    def chosen_session(self) -> int | None:
        """Return the session under the cursor."""
        row = self.query_one("#sessions", LineTable).current
        return int(row.key) if row else None

    def key_of_small(self) -> tuple[str, str]:
        """Return the key that says why no tasks come, where none do."""
        view = self.state.view
        if self.state.link is not Link.LIVE or view is None or view.status.verdict in _WELL:
            return super().key_of_small()
        return "main.why", "Why, and what to do"

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Bring every pane up to date, unless the picture is frozen."""
        if self._frozen is None:
            self._show(view, self.sight)

    def move_ages(self, state: FeedState, view: NodeView) -> None:
        """Move everything on, also what is drawn but once a second."""
        if self._frozen is None:
            sight = self.sight
            self._show(view, sight)
            self._show_transactions(view, sight)
            self._draw_charts(view, sight)

    def _show(self, view: NodeView, sight: Sight) -> None:
        self.query_one("#status", TextLines).redraw()
        self._show_sessions(view, sight)
        if len(view.transactions) <= 1 or not self._is_listed:  # from then on once a second
            self._show_transactions(view, sight)
        self._inference.show(view, sight)
        if self._charted is None or not self._is_pulse_drawn:  # from then on once a second is enough
            self._draw_charts(view, sight)
        self._say_remarks(view, sight)

    def _show_sessions(self, view: NodeView, sight: Sight) -> None:
        is_read = are_known(view.status)
        rows = tables.session_rows(view, sight.of_chain(view.status.chain))
        table = self.query_one("#sessions", LineTable)
        if view.status.is_watching:
            table.rename(tables.MINE, tables.OWNED)
        table.show(rows, NO_SESSIONS if is_read else NOT_READ)

    def _show_transactions(self, view: NodeView, sight: Sight) -> None:
        """Show them once a second: a new one moves every row, and each row's age moves anyway."""
        past = past_remark(view.status.past, sight.now)
        is_read = view.status.chain.head_number is not None or past is not None
        self._is_listed = bool(view.transactions)
        rows = tables.transaction_rows(view, sight.of_chain(view.status.chain))
        self.query_one("#transactions", LineTable).show(rows, NO_TRANSACTIONS if is_read else NOT_READ)
        remark = (past or _pending(view),) if is_read else ()
        self._headings[3].say(sight.of_chain(view.status.chain).line(remark))

    def _draw_charts(self, view: NodeView, sight: Sight) -> None:
        """Draw them up to the moment that is known: a silent node's hour does not end in rest."""
        charted = (
            view.throughput,
            view.runs,
            view.status.answered_tasks,
            sight.at // MINUTE_S,
        )
        drawn: list[tuple[str, Series]] = []
        if (*charted, self._length_s, sight.silent_s) != self._charted:
            self._charted = (*charted, self._length_s, sight.silent_s)
            drawn += zip(CHARTS, throughput(view, sight.at, self._length_s), strict=True)
        if self.query_one("#pulse").display:
            drawn += zip(PULSE, self.dashboard.pulse.series(sight.at), strict=True)
        self._is_pulse_drawn = self.dashboard.pulse.is_known
        for name, series in drawn:
            self.query_one(f"#{name}", Chart).show(series._replace(ended_s=sight.silent_s))

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the run that is shown."""
        return texts_of_run(self._inference.view)

    # --- what the keys do ------------------------------------------------------------------------

    @on(LineTable.Opened, "#sessions")
    def _open_session(self, event: LineTable.Opened) -> None:
        from cortensor_tui.dashboard.screens.session_panel import SessionPanel

        self.app.push_screen(SessionPanel(int(event.key)))

    @on(LineTable.Opened, "#transactions")
    def _open_transaction(self, event: LineTable.Opened) -> None:
        view = self._picture.state.view
        one = view.transaction(int(event.key)) if view is not None else None
        if one is not None:
            self.dashboard.open_transaction(one)

    @on(OpenableLines.Opened, "#verdict")
    def _open_verdict(self) -> None:
        self.action_why()

    def action_why(self) -> None:
        """Show why no tasks come."""
        from cortensor_tui.dashboard.screens.why import WhyScreen

        if self.has_view():
            self.app.push_screen(WhyScreen())

    def action_node_details(self) -> None:
        """Open all that the node says of itself."""
        from cortensor_tui.dashboard.present.details import node_details
        from cortensor_tui.dashboard.screens.detail import DetailScreen

        def content(state: FeedState) -> Details | None:
            return node_details(state.view.status) if state.view else None

        view = self.state.view
        self.app.push_screen(DetailScreen("Node", content, copy=view.status.node.address if view else ""))

    def action_freeze(self) -> None:
        """Freeze the picture, or let it go on."""
        if self._frozen is None and self.state.view is not None:
            self._frozen = self._picture
        else:
            self._frozen = None
        self.take(self.state)

    def action_next_run(self) -> None:
        """Stream another run of those going on."""
        view = self._picture.state.view
        if view is not None and self._inference.choose_next():
            self._show(view, self.sight)
        else:
            self.notify("No other run goes on.", markup=False, timeout=2)

    def action_zoom(self) -> None:
        """Let the charts tell of the next longer time, after the longest of the shortest."""
        place = LENGTHS_S.index(self._length_s)
        self._length_s = LENGTHS_S[(place + 1) % len(LENGTHS_S)]
        picture = self._picture
        if picture.state.view is not None:
            self._draw_charts(picture.state.view, self.sight)

    # --- what the panes say ----------------------------------------------------------------------

    def _header(self, width: int) -> list[Line]:
        lines = super()._header(width)
        if self._frozen is None:
            return lines
        age = duration(self.dashboard.now() - self._frozen.at)
        told = f"  the picture below is {age} old"
        return [*lines, line((" ▲ FROZEN", "warn strong"), told, (" · space goes on", "muted"))]

    def _say_remarks(self, view: NodeView, sight: Sight) -> None:
        node, sessions = self._headings[:2]
        served, word = tables.served_count(view)
        is_read = are_known(view.status)
        remark = f"{served} of {len(view.sessions)} {word}" if is_read else "unknown, the chain is not read"
        node.say(as_it_was(sight))
        sessions.say(as_it_was(sight.of_chain(view.status.chain)) or line((remark, "muted")))
        self._inference.say(sight)

    def _dependencies(self, width: int) -> list[Line]:
        view = self._picture.state.view
        if view is None:
            return []
        is_low = self.has_class("-narrow") and not self.has_class("-tall")
        draw = paired_lines if is_low else column_lines
        return draw(view.status, self.sight, width)


def _pending(view: NodeView) -> Span:
    waiting = sum(1 for one in view.transactions if not one.state.is_final)
    return Span(f"{waiting} pending", "accent") if waiting else Span("none pending", "muted")
