"""The form that gives a session of one's own other words and numbers."""

from __future__ import annotations

from typing import TypeVar

from textual.app import ComposeResult
from textual.widgets import Input, Select

from cortensor_tui.dashboard.cells import Line, Span, wrap
from cortensor_tui.dashboard.present.session_fields import fixed_terms, whole_metadata
from cortensor_tui.dashboard.screens.checked_form import CheckedForm
from cortensor_tui.dashboard.screens.fields import field, read_int
from cortensor_tui.dashboard.widgets.text_lines import TextLines
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.sessions import Session, SessionMode
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import Sent
from cortensor_tui.node.session_messages import CheckAct, GetSession, UpdateSession

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
_BEING_READ = "being read from the contract …"
_NOT_READ = "not known: it could not be read. Left empty it stays as it is"
_NOT_TYPABLE = "holds signs that cannot be typed here. Left empty it stays as it is"


class ChangeSessionScreen(CheckedForm):
    """Every field as it is now; only what was changed is sent, the rest stays as the contract has it then.

    Metadata is read from the contract first, since a list carries only its start. Where it is not known, or
    cannot stand in a field as it is, an empty field leaves it alone; else an empty field empties it.
    """

    CONFIRM_LABEL = "Change"
    TRANSACTION_KIND = TransactionKind.UPDATE_SESSION
    SHOWS_MET_CHECKS = False

    def __init__(self, session_id: int) -> None:
        self.PANEL_TITLE = f"Change session {session_id}"
        super().__init__()
        self._session_id = session_id
        self._before: Session | None = None
        self._metadata: str | None = None

    def compose_fields(self) -> ComposeResult:
        """Yield the fields, filled with what they are."""
        view = self.dashboard.view
        found = view.session(self._session_id) if view else None
        if found is None:
            return
        session = self._before = found.session
        modes = [(mode.name.lower(), int(mode)) for mode in reversed(SessionMode)]
        if session.mode not in [number for _, number in modes]:
            modes.append((session.mode_name, session.mode))
        yield field("Name", Input(session.name, compact=True, max_length=_MAX_NAME_CHARS, id="name"))
        yield field(
            "Metadata",
            Input(placeholder=_BEING_READ, compact=True, max_length=_MAX_METADATA_CHARS, id="metadata"),
        )
        yield field("Mode", Select(modes, value=session.mode, allow_blank=False, compact=True, id="mode"))
        for name, label in _NUMBERS:
            yield field(label, Input(str(getattr(session, name)), compact=True, max_length=4, id=name))
        yield TextLines(self._fixed_lines, id="fixed")
        yield from self.compose_checks()

    def on_mount(self) -> None:
        """Read the session as it is at this moment."""
        super().on_mount()
        if self._before is not None:
            self.run_worker(self._read(), group="session", exclusive=True)

    async def _read(self) -> None:
        metadata = self.query_one("#metadata", Input)
        try:
            reply = await self.dashboard.request(GetSession(session_id=self._session_id))
        except ProblemError:  # what stands in the way of reading stands in the way of the checks too
            metadata.placeholder = _NOT_READ
            return
        if isinstance(reply, SessionReading):
            self._fill(reply)

    def _fill(self, reading: SessionReading) -> None:
        """Show what was read, but for fields in which something was typed already."""
        untouched = {name for name, text in self._typed().items() if text == self._blank.get(name)}
        session = reading.view.session
        values = {"name": session.name} | {name: str(getattr(session, name)) for name, _ in _NUMBERS}
        found = whole_metadata(reading)
        is_typable = found is not None and inert(found) == found and len(found) <= _MAX_METADATA_CHARS
        if is_typable and found is not None and "metadata" in untouched:
            self._metadata = values["metadata"] = found
        placeholder = _NOT_READ if found is None else "empty" if is_typable else _NOT_TYPABLE
        self.query_one("#metadata", Input).placeholder = placeholder
        for name in untouched & values.keys():
            self.query_one(f"#{name}", Input).value = values[name]
        self._before = session
        self._blank = self._blank | {name: values[name] for name in untouched & values.keys()}
        self.query_one("#fixed", TextLines).redraw()

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
        session = self._before
        name = self.query_one("#name", Input).value.strip()
        if not name:
            raise problem_error("form", "The session has no name", "", "Give it one")
        least = read_int(self, "#min_nodes", "Least nodes", 0, _MOST_NODES)
        most = read_int(self, "#max_nodes", "Most nodes", max(1, least), _MOST_NODES)
        mode = self.query_one("#mode", Select).value
        return UpdateSession(
            session_id=self._session_id,
            name=_changed(name, session.name),
            metadata=self._new_metadata(),
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

    def _new_metadata(self) -> str | None:
        typed = self.query_one("#metadata", Input).value
        if self._metadata is None:
            return typed.strip() or None
        return _changed(typed, self._metadata)

    def _fixed_lines(self, width: int) -> list[Line]:
        if self._before is None:
            return []
        text = f"Cannot be changed: {fixed_terms(self._before)}."
        return [(Span(f" {piece}", "muted"),) for piece in wrap(text, max(8, width - 2))]


def _changed(now: Value, before: Value) -> Value | None:
    return None if now == before else now
