"""The dashboard itself: verdict, node, sessions, live inference and transactions."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.present import details, inference, tables
from cortensor_tui.dashboard.present.private import PrivateTexts, texts_of_run
from cortensor_tui.dashboard.present.status import low_lines, moving_lines, tall_lines
from cortensor_tui.dashboard.screens.detail import DetailScreen, open_session, open_transaction
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.answer_tail import AnswerTail
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.sparkbars import Sparkbars
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines

NO_SESSIONS = "No sessions yet. Press n to create one, or bind this node to one with a."
NOT_READ = "Unknown until the chain is read."
NO_TRANSACTIONS = "No transactions yet. They appear as the node answers tasks."


class OverviewScreen(PlaceScreen):
    """Everything at a glance; details are one enter away."""

    PLACE = "dashboard"
    HAS_REMEDY = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "node_details", "Node", show=False, id="main.node", tooltip="The node in full"),
    ]

    def compose_place(self) -> ComposeResult:
        """Build all panes once; what is shown of them depends on state and size."""
        with Container(id="panes"):
            with Vertical(id="left"):
                with Vertical(id="node-pane", classes="pane"):
                    yield Heading("Node")
                    with Horizontal(id="facts"):
                        yield TextLines(self._status, id="status")
                        yield TextLines(self._moving, id="moving")
                with Vertical(id="sessions-pane", classes="pane"):
                    yield Heading("Sessions")
                    yield LineTable(tables.SESSION_COLUMNS, NO_SESSIONS, id="sessions")
            with Vertical(id="inference-pane", classes="pane"):
                yield Heading("Inference")
                yield TextLines(self._prompt, id="prompt")
                yield AnswerTail(id="answer")
                yield TextLines(self._figures, id="figures")
                yield Sparkbars(id="rates")
        with Vertical(id="transactions-pane", classes="pane"):
            yield Heading("Transactions")
            yield LineTable(tables.TRANSACTION_COLUMNS, NO_TRANSACTIONS, id="transactions")

    @property
    def _is_low(self) -> bool:
        """Tell whether all panes stand in one column, each with few lines."""
        return self.has_class("-narrow") or self.has_class("-tiny")

    def on_mount(self) -> None:
        """Start in the list of sessions."""
        self.query_one("#sessions", LineTable).focus()

    def chosen_session(self) -> int | None:
        """Return the session under the cursor."""
        row = self.query_one("#sessions", LineTable).current
        return int(row.key) if row else None

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Bring every pane up to date."""
        for name in ("#status", "#moving", "#prompt", "#figures"):
            self.query_one(name, TextLines).redraw()
        now = self.dashboard.now()
        is_read = view.status.chain.head_number is not None
        self.query_one("#sessions", LineTable).show(
            tables.session_rows(view), NO_SESSIONS if is_read else NOT_READ
        )
        self.query_one("#transactions", LineTable).show(
            tables.transaction_rows(view, now), NO_TRANSACTIONS if is_read else NOT_READ
        )
        live = view.live
        self.query_one("#answer", AnswerTail).show(
            str(live.key) if live else "",
            live.answer if live else "",
            inference.nothing_to_read(live),
            is_whole=live is not None and live.finished is not None,
        )
        self.query_one("#rates", Sparkbars).show(view.rates)
        self._say_remarks(view)

    def move_ages(self, state: FeedState, view: NodeView) -> None:
        """Move the ages on; the tables hold theirs in their cells."""
        rows = tables.transaction_rows(view, self.dashboard.now())
        self.query_one("#transactions", LineTable).show(rows)
        for name in ("#status", "#moving"):
            self.query_one(name, TextLines).redraw()

    def private_texts(self) -> PrivateTexts | None:
        """Return what `p` does for the run that is shown."""
        return texts_of_run(self.state.view)

    @on(LineTable.Opened, "#sessions")
    def _open_session(self, event: LineTable.Opened) -> None:
        open_session(self.app, int(event.key))

    @on(LineTable.Opened, "#transactions")
    def _open_transaction(self, event: LineTable.Opened) -> None:
        row = event.table.current
        open_transaction(self.app, int(event.key), row.copy if row else "")

    def action_node_details(self) -> None:
        """Open all that the node says of itself."""

        def content(state: FeedState) -> details.Details | None:
            return details.node_details(state.view.status) if state.view else None

        view = self.state.view
        self.app.push_screen(DetailScreen("Node", content, copy=view.status.node.address if view else ""))

    def _say_remarks(self, view: NodeView) -> None:
        _, sessions, running, transactions = self.query(Heading)
        served = sum(1 for one in view.sessions if one.service.value == "served")
        is_read = view.status.chain.head_number is not None
        remark = f"{served} of {len(view.sessions)} served" if is_read else "unknown, the chain is not read"
        sessions.say(line((remark, "muted")))
        running.say(inference.heading(view))
        waiting = sum(1 for one in view.transactions if not one.state.is_final)
        transactions.say(
            line((f"{waiting} pending" if waiting else "none pending", "accent" if waiting else "muted"))
        )

    def _status(self, width: int) -> list[Line]:
        view = self.state.view
        if view is None:
            return []
        if self._is_low:
            return low_lines(view.status, width)
        return tall_lines(view.status, self.dashboard.now(), width)

    def _moving(self, width: int) -> list[Line]:
        view = self.state.view
        return [] if view is None else moving_lines(view.status, self.dashboard.now(), width)

    def _prompt(self, width: int) -> list[Line]:
        return inference.prompt_line(self.state.view, width)

    def _figures(self, width: int) -> list[Line]:
        return inference.figures(self.state.view, width, has_bars=self._is_low)
