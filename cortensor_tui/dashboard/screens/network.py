"""The chain, its endpoints and contracts as the node sees them, asked of it while this is looked at."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from cortensor_tui.dashboard.cells import Line, Span, line
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.format import duration
from cortensor_tui.dashboard.present import network
from cortensor_tui.dashboard.present.details import Details
from cortensor_tui.dashboard.present.freshness import Sight, as_it_was
from cortensor_tui.dashboard.screens.detail import DetailScreen
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.text_lines import Heading
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.network_report import NetworkReport
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.node.network_messages import GetNetwork

ASK_EVERY_S = 3.0
STALE_FROM_S = 5 * ASK_EVERY_S
MOST_ENDPOINT_LINES = 8
AGAIN = f"It is asked again every {duration(ASK_EVERY_S)}."
NOT_TOLD = "Nothing is told yet."
ASKING = "Asking the node for its network…"
SILENT = "Unknown: the node does not answer. It is asked again when it does."
NOTHING_MATCHES = "No row has all of these words. / changes them, esc clears them."
NO_FACTS = "Nothing is known of the chain yet; the node tells more once an endpoint has answered."


class NetworkScreen(PlaceScreen):
    """Endpoints above, what was found out of the network below; enter opens a row in full, `y` copies it."""

    PLACE = "network"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash", "filter", "Filter", key_display="/", id="network.filter", tooltip="Filter what was found"
        ),
        Binding("space,f", "freeze", "Freeze", show=False, id="network.freeze", tooltip="Freeze the picture"),
        Binding("escape", "leave", "Back", show=False, id="network.back", tooltip="Clear the filter, leave"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._report: NetworkReport | None = None
        self._read_at = 0.0
        self._asked_at: float | None = None
        self._is_asking = False
        self._is_frozen = False
        self._words: tuple[str, ...] = ()
        self._problem: Problem | None = None

    def compose_place(self) -> ComposeResult:
        """Yield both lists under their titles."""
        with Vertical(id="endpoints-pane", classes="pane"):
            yield Heading("Endpoints")
            yield LineTable(network.ENDPOINT_COLUMNS, ASKING, id="endpoints")
        with Vertical(id="facts-pane", classes="pane"):
            yield Heading("Found out")
            yield LineTable(network.FACT_COLUMNS, ASKING, id="network-facts")
            yield FilterLine(str, "words of a row, such as probe or deadline")

    def on_mount(self) -> None:
        """Begin in the list of endpoints."""
        self.query_one("#endpoints", LineTable).focus()

    def show_view(self, state: FeedState, view: NodeView) -> None:
        """Ask again when what was told is old; the pushed status does not hold it."""
        now = self.dashboard.now()
        is_due = self._asked_at is None or now - self._asked_at >= ASK_EVERY_S
        if is_due and state.link is Link.LIVE and not self._is_asking and not self._is_frozen:
            self._is_asking, self._asked_at = True, now
            self.run_worker(self._ask(), group="network", exclusive=True)
        self._draw()

    async def _ask(self) -> None:
        try:
            reply = await self.dashboard.request(GetNetwork(), timeout_s=10.0)
        except ProblemError as error:
            self._problem = error.problem
        else:
            if isinstance(reply, NetworkReport) and not self._is_frozen:
                self._report, self._read_at, self._problem = reply, self.dashboard.now(), None
        finally:
            self._is_asking = False
        if self.is_whole:
            self._draw()

    def _draw(self) -> None:
        report, sight = self._report, self.sight
        endpoints, facts = (
            self.query_one("#endpoints", LineTable),
            self.query_one("#network-facts", LineTable),
        )
        if report is None:
            refused = "" if self._problem is None else f"{inert(self._problem.sentence(), 500)} {AGAIN}"
            waiting = ASKING if self.state.link is Link.LIVE else SILENT
            endpoints.show((), refused or waiting)
            facts.show((), NOT_TOLD)
        else:
            endpoints.show(network.endpoint_rows(report, sight))
            known = network.facts(report, sight.at)
            found = network.with_words(known, self._words)
            facts.show(network.fact_rows(found, self._on_chain), NO_FACTS if not known else NOTHING_MATCHES)
        rows = 1 if report is None else min(MOST_ENDPOINT_LINES, len(report.endpoints))
        endpoints.styles.height = rows + 1
        self._say_remarks()

    @property
    def sight(self) -> Sight:
        """Return how sure the report is, which is asked for and has an age of its own."""
        now = self.dashboard.now()
        if self._is_frozen:
            return Sight(self._read_at)
        age_s = now - self._read_at
        is_old = self._problem is not None or age_s >= STALE_FROM_S or Sight.of(self.state, now).is_past
        return Sight(now, age_s if is_old and self._report is not None else None)

    @property
    def _on_chain(self) -> Sight:
        """Return how sure what was found of the chain is: the report tells it as it was read last."""
        view = self.state.view
        return self.sight if view is None or self._is_frozen else self.sight.of_chain(view.status.chain)

    def _say_remarks(self) -> None:
        above, below = self.query(Heading)
        report = self._report
        above.say(self._freshness())
        name = "" if report is None else inert(report.network, 60)
        error = "" if report is None else inert(report.error, 200)
        was = as_it_was(self._on_chain)
        told_of = "muted" if self.sight.is_past else "bad"  # that may be over by now
        told = (Span(name, "muted"), *((Span(" · "), *was) if was else ()))
        told = (*told, *((Span(f" · {error}", told_of),) if error else ()))
        below.say(told if name else ())

    def _freshness(self) -> Line:
        """Return how old this is, and why it is not read anew."""
        if self._is_frozen:
            age_s = self.dashboard.now() - self._read_at
            return line(("▲ FROZEN", "warn"), (f" {duration(age_s)} old · space goes on", "muted"))
        if self._report is None:
            return ()
        if self.sight.is_past:
            # That a node is gone is told above, with why.
            problem = self._problem if self.state.link is Link.LIVE else None
            why = "" if problem is None else f": {inert(problem.what, 100)}"
            return (*as_it_was(self.sight), Span(why, "warn"))
        return line((f"read every {duration(ASK_EVERY_S)}", "muted"))

    @on(FilterLine.Wanted)
    def _on_filter(self, event: FilterLine.Wanted) -> None:
        self._words = tuple(event.text.lower().split())
        self._draw()

    @on(FilterLine.Left)
    def _on_filter_left(self) -> None:
        self.query_one("#network-facts", LineTable).focus()

    def action_filter(self) -> None:
        """Let words be typed."""
        self.query_one(FilterLine).open()

    def action_leave(self) -> None:
        """Clear the filter, or leave the place."""
        if self._words:
            self.query_one(FilterLine).set_text("")
        else:
            self.action_go_back()

    def action_freeze(self) -> None:
        """Freeze the picture, or let it go on."""
        self._is_frozen = not self._is_frozen and self._report is not None
        self._draw()

    def copy_text(self) -> tuple[str, str] | None:
        """Return the value under the cursor."""
        found = super().copy_text()
        return None if found is None else (found[0], "value")

    @on(LineTable.Opened, "#endpoints")
    def _open_endpoint(self, event: LineTable.Opened) -> None:
        index = int(event.key)

        def content(state: FeedState) -> Details | None:
            report = self._report
            if report is None or index >= len(report.endpoints):
                return None
            return network.endpoint_details(report.endpoints[index], self.sight.at)

        row = event.table.current
        self.app.push_screen(DetailScreen("Endpoint", content, copy=row.copy if row else ""))

    @on(LineTable.Opened, "#network-facts")
    def _open_fact(self, event: LineTable.Opened) -> None:
        def content(state: FeedState) -> Details | None:
            known = [] if self._report is None else network.facts(self._report, self.sight.at)
            found = next((one for one in known if one.key == event.key), None)
            return None if found is None else network.fact_details(found)

        row = event.table.current
        self.app.push_screen(DetailScreen("Found out", content, copy=row.copy if row else ""))
