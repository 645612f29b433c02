"""The form that gives a session of one's own other words and numbers."""

from __future__ import annotations

from typing import TypeVar

from textual.app import ComposeResult
from textual.widgets import Input, Select

from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.fields import read_int
from cortensor_tui.dashboard.screens.form import field
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.sessions import SessionMode, SessionView
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import CheckAct, UpdateSession

Value = TypeVar("Value")
_MAX_NAME_CHARS = 128
_MAX_METADATA_CHARS = 4096
_MOST_NODES = 1000
_NUMBERS = (
    ("min_nodes", "Least nodes"),
    ("max_nodes", "Most nodes"),
    ("redundant", "Answers/task"),
    ("validator_nodes", "Validators"),
)


class ChangeSessionScreen(CheckedForm):
    """Every field as it is now; only what was changed is sent, the rest stays as the contract has it then.

    Metadata is not filled in, because a list carries only its start: left empty, it stays as it is.
    """

    CONFIRM_LABEL = "Change"
    TRANSACTION_KIND = TransactionKind.UPDATE_SESSION
    SHOWS_MET_CHECKS = False

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Change session {session_id}"
        super().__init__()
        self._session_id = session_id
        self._before: SessionView | None = None

    def compose_fields(self) -> ComposeResult:
        """Yield the fields, filled with what they are."""
        view = self.dashboard.view
        self._before = view.session(self._session_id) if view else None
        if self._before is None:
            return
        session = self._before.session
        modes = [(mode.name.lower(), int(mode)) for mode in reversed(SessionMode)]
        if session.mode not in [number for _, number in modes]:
            modes.append((session.mode_name, session.mode))
        yield field("Name", Input(session.name, compact=True, max_length=_MAX_NAME_CHARS, id="name"))
        yield field(
            "Metadata",
            Input(placeholder="as it is", compact=True, max_length=_MAX_METADATA_CHARS, id="metadata"),
        )
        yield field("Mode", Select(modes, value=session.mode, allow_blank=False, compact=True, id="mode"))
        for name, label in _NUMBERS:
            yield field(label, Input(str(getattr(session, name)), compact=True, max_length=4, id=name))
        yield from self.compose_checks()

    def question(self) -> RequestBody | str:
        """Ask what the change would do."""
        asked = self.body()
        if asked == UpdateSession(session_id=self._session_id):
            return "Nothing is changed yet."
        return CheckAct(act=asked)

    def body(self) -> UpdateSession:
        """Return what is to be changed."""
        if self._before is None:
            raise problem_error("form", "The node does not tell of this session any more")
        session = self._before.session
        name = self.query_one("#name", Input).value.strip()
        if not name:
            raise problem_error("form", "The session has no name", "", "Give it one")
        least = read_int(self, "#min_nodes", "Least nodes", 0, _MOST_NODES)
        most = read_int(self, "#max_nodes", "Most nodes", max(1, least), _MOST_NODES)
        mode = self.query_one("#mode", Select).value
        return UpdateSession(
            session_id=self._session_id,
            name=_changed(name, session.name),
            metadata=self.query_one("#metadata", Input).value.strip() or None,
            min_nodes=_changed(least, session.min_nodes),
            max_nodes=_changed(most, session.max_nodes),
            redundant=_changed(read_int(self, "#redundant", "Answers/task", 0, most), session.redundant),
            validator_nodes=_changed(
                read_int(self, "#validator_nodes", "Validators", 0, _MOST_NODES), session.validator_nodes
            ),
            mode=_changed(mode, session.mode) if isinstance(mode, int) else None,
        )

    def success(self, sent: Sent) -> str:
        """Return what is now so."""
        return f"Session {self._session_id} is changed."


def _changed(now: Value, before: Value) -> Value | None:
    return None if now == before else now
