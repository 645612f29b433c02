"""The main screen: verdict, node, sessions, live inference and transactions."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical

from cortensor_tui.dashboard.cells import Line, Span, line, wrap
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.present import details, inference, startup, tables
from cortensor_tui.dashboard.present.status import low_lines, moving_lines, tall_lines
from cortensor_tui.dashboard.present.verdict import verdict_lines
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.widgets.answer_tail import AnswerTail
from cortensor_tui.dashboard.widgets.key_bar import KeyBar
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.sparkbars import Sparkbars
from cortensor_tui.dashboard.widgets.text_lines import Heading, TextLines

LEAST_SIZE = (60, 16)
NO_SESSIONS = "No sessions yet. Press n to create one, or bind this node to one with a."
NOT_READ = "Unknown until the chain is read."
NO_TRANSACTIONS = "No transactions yet. They appear as the node answers tasks."


class MainScreen(Watching):
    """Everything at a glance; details are one enter away."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual's name and type
        (0, "-tiny"),
        (LEAST_SIZE[0], "-narrow"),
        (100, "-normal"),
        (140, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST_SIZE[1], "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "node_details", "Node", show=False, id="main.node", tooltip="The node in full"),
    ]

    def compose(self) -> ComposeResult:
        """Build all panes once; what is shown of them depends on state and size."""
        yield TextLines(self._verdict, id="verdict")
        yield TextLines(self._waiting, id="waiting")
        yield TextLines(self._too_small, id="too-small")
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
        yield KeyBar()

    @property
    def _state(self) -> FeedState:
        return self.dashboard.feed_state

    @property
    def _is_low(self) -> bool:
        """Tell whether all panes stand in one column, each with few lines."""
        return self.has_class("-narrow") or self.has_class("-tiny")

    def on_mount(self) -> None:
        """Start with what is known."""
        self.take(self._state)
        self.query_one("#sessions", LineTable).focus()

    def on_descendant_focus(self) -> None:
        """Show which pane has the focus."""
        for heading in self.query(Heading):
            heading.redraw()

    def take(self, state: FeedState) -> None:
        """Bring every pane up to date."""
        self.set_class(state.view is None, "-waiting")
        self.set_class(state.stale_s(self.dashboard.now()) is not None, "-old")
        for name in ("#verdict", "#waiting", "#status", "#moving", "#prompt", "#figures"):
            self.query_one(name, TextLines).redraw()
        if state.view is None:
            return
        view, now = state.view, self.dashboard.now()
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
            "" if live else inference.IDLE,
            is_whole=live is not None and live.finished is not None,
        )
        self.query_one("#rates", Sparkbars).show(view.rates)
        self._say_remarks(state)

    def tick(self) -> None:
        """Move the ages on; the tables hold theirs in their cells."""
        view = self._state.view
        if view is not None:
            rows = tables.transaction_rows(view, self.dashboard.now())
            self.query_one("#transactions", LineTable).show(rows)
        self.set_class(self._state.stale_s(self.dashboard.now()) is not None, "-old")
        for name in ("#verdict", "#waiting", "#status", "#moving"):
            self.query_one(name, TextLines).redraw()

    def copy_text(self) -> tuple[str, str] | None:
        """Return the hash or id of the row under the cursor."""
        table = self.focused
        if not isinstance(table, LineTable) or table.current is None:
            return None
        return table.current.copy, "hash" if table.id == "transactions" else "session id"

    @on(LineTable.Opened, "#sessions")
    def _open_session(self, event: LineTable.Opened) -> None:
        session_id = int(event.key)

        def content(state: FeedState) -> details.Details | None:
            found = state.view.session(session_id) if state.view else None
            return details.session_details(found) if found else None

        self.app.push_screen(DetailScreen(f"Session {session_id}", content, copy=event.key))

    @on(LineTable.Opened, "#transactions")
    def _open_transaction(self, event: LineTable.Opened) -> None:
        def content(state: FeedState) -> details.Details | None:
            found = state.view.transaction(int(event.key)) if state.view else None
            return details.transaction_details(found) if found else None

        row = event.table.current
        self.app.push_screen(DetailScreen("Transaction", content, copy=row.copy if row else ""))

    def action_node_details(self) -> None:
        """Open all that the node says of itself."""

        def content(state: FeedState) -> details.Details | None:
            return details.node_details(state.view.status) if state.view else None

        view = self._state.view
        self.app.push_screen(DetailScreen("Node", content, copy=view.status.node.address if view else ""))

    def _say_remarks(self, state: FeedState) -> None:
        view = state.view
        if view is None:
            return
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

    def _verdict(self, width: int) -> list[Line]:
        board = self.dashboard.board
        is_starting = board is not None and board.is_running and board.problem is None
        return verdict_lines(self._state, self.dashboard.now(), width, is_starting=is_starting)

    def _status(self, width: int) -> list[Line]:
        view = self._state.view
        if view is None:
            return []
        if self._is_low:
            return low_lines(view.status, width)
        return tall_lines(view.status, self.dashboard.now(), width)

    def _moving(self, width: int) -> list[Line]:
        view = self._state.view
        return [] if view is None else moving_lines(view.status, self.dashboard.now(), width)

    def _prompt(self, width: int) -> list[Line]:
        return inference.prompt_line(self._state.view, width)

    def _figures(self, width: int) -> list[Line]:
        return inference.figures(self._state.view, width, has_bars=self._is_low)

    def _waiting(self, width: int) -> list[Line]:
        return startup.waiting_lines(self._state, self.dashboard.board, self.dashboard.can_start_node, width)

    def _too_small(self, width: int) -> list[Line]:
        wide, high = LEAST_SIZE
        text = f"This terminal is {self.size.width}x{self.size.height}; at least {wide}x{high} is needed."
        verdict = "" if self._state.link is Link.UNREACHABLE else "The node goes on meanwhile."
        return [(Span(piece),) for piece in wrap(f"{text} {verdict}".strip(), max(1, width))]
