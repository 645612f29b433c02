"""The form for a new session."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input, Select

from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.fields import field, read_int
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.sessions import SessionMode
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import CreateSession, Sent
from cortensor_tui.node.session_messages import CheckAct

_MAX_NAME_CHARS = 64
_MAX_METADATA_CHARS = 1024


class NewSessionScreen(CheckedForm):
    """Name, mode and numbers of nodes; the rest has the network's usual values."""

    PANEL_TITLE = "New session"
    CONFIRM_LABEL = "Create"
    TRANSACTION_KIND = TransactionKind.CREATE_SESSION
    SHOWS_MET_CHECKS = False
    SENDS_AHEAD = True

    def compose_fields(self) -> ComposeResult:
        """Yield the fields, filled with what a private session of one node needs."""
        modes = [(mode.name.lower(), int(mode)) for mode in reversed(SessionMode)]
        dedicated = int(SessionMode.DEDICATED)
        yield field(
            "Name", Input(placeholder="my session", compact=True, max_length=_MAX_NAME_CHARS, id="name")
        )
        yield field(
            "Metadata",
            Input(placeholder="optional", compact=True, max_length=_MAX_METADATA_CHARS, id="metadata"),
        )
        yield field("Mode", Select(modes, value=dedicated, allow_blank=False, compact=True, id="mode"))
        yield field("Least nodes", Input("1", compact=True, max_length=4, id="min_nodes"))
        yield field("Most nodes", Input("1", compact=True, max_length=4, id="max_nodes"))
        yield field("Answers/task", Input("1", compact=True, max_length=4, id="redundant"))
        yield field("Task limit", Input("5", compact=True, max_length=6, id="max_tasks"))
        yield from self.compose_checks()

    def question(self) -> RequestBody | str:
        """Ask what creating it would do."""
        return CheckAct(act=self.body())

    def body(self) -> CreateSession:
        """Return the session asked for."""
        name = self.query_one("#name", Input).value.strip()
        if not name:
            raise problem_error("form", "The session has no name", "", "Give it one")
        least = read_int(self, "#min_nodes", "Least nodes", 1, 1000)
        most = read_int(self, "#max_nodes", "Most nodes", least, 1000)
        mode = self.query_one("#mode", Select).value
        return CreateSession(
            name=name,
            metadata=self.query_one("#metadata", Input).value.strip(),
            min_nodes=least,
            max_nodes=most,
            redundant=read_int(self, "#redundant", "Answers/task", 1, most),
            mode=mode if isinstance(mode, int) else int(SessionMode.DEDICATED),
            max_task_executions=read_int(self, "#max_tasks", "Task limit", 1, 100_000),
        )

    def success(self, sent: Sent) -> str:
        """Return its number, and what comes next."""
        if sent.session_id is None:
            return "The session exists. Press esc, then a to bind a node to it."
        return f"Session {sent.session_id} exists. Press esc, then a to bind a node to it."
