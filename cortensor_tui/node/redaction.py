"""What one connection may see of prompts and answers: everything else goes out as it is.

A viewer sees none. Of private sessions nobody sees any until that connection has asked for the session.
What leaves the node passes here last, whatever kind of message it is in, so that a new kind needs nothing.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from cortensor_tui.domain.envelope import Envelope
from cortensor_tui.domain.inert import without_payload
from cortensor_tui.domain.logs import LogLine
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.transactions import Attempt, Transaction, TransactionKind
from cortensor_tui.domain.verification import ProofCheck, Verification
from cortensor_tui.node.call_messages import Call
from cortensor_tui.node.history_messages import GetTasks, TaskOutcome
from cortensor_tui.node.live_messages import LiveInference, TokensStreamed
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.settings.model import PrivateSessions

WITHHELD = "…"
"""Stands for an answer where there being none means something else."""

_Message = TypeVar("_Message")
_replace = msgspec.structs.replace
_WITHOUT_PAYLOAD = frozenset(
    {TransactionKind.ACK, TransactionKind.BIND, TransactionKind.UNBIND, TransactionKind.CREATE_SESSION}
)
"""Kinds whose calls carry names, numbers and addresses only."""


class Sight:
    """The eyes of one connection."""

    def __init__(self, private: PrivateSessions, *, is_viewer: bool = False) -> None:
        self._private = private
        self._is_viewer = is_viewer
        self._revealed: set[int] = set()

    def take_private(self, private: PrivateSessions) -> None:
        """Go by other private sessions; one that stops being private has to be asked for when it is again."""
        self._private = private
        self._revealed = {session_id for session_id in self._revealed if private.has(session_id)}

    def reveal(self, session_id: int) -> None:
        """Show a private session's texts from now on."""
        if self._private.has(session_id):
            self._revealed.add(session_id)

    def hide(self, session_id: int) -> bool:
        """Hide a session's texts again. Returns whether they were shown before."""
        is_news = session_id in self._revealed
        self._revealed.discard(session_id)
        return is_news

    def hides(self, session_id: int) -> bool:
        """Tell whether this connection gets no texts of a session."""
        return self._is_viewer or (self._private.has(session_id) and session_id not in self._revealed)

    def asking(self, body: RequestBody) -> RequestBody:
        """Return a request as the node is to take it: which private texts it may look into is said here."""
        return _replace(body, revealed=tuple(sorted(self._revealed))) if isinstance(body, GetTasks) else body

    def of(self, message: _Message) -> _Message:
        """Return the message with what may not be seen left out, and private things marked as such."""
        if self._private.is_none and not self._is_viewer:
            return message
        seen: _Message = self._seen(message)  # type: ignore[assignment] # a message stays of its kind
        return seen

    def _seen(self, value: object) -> object:
        match value:
            case SessionView():
                session_id = value.session.session_id
                is_private = self._private.has(session_id)
                return _replace(value, is_private=is_private, is_hidden=is_private and self.hides(session_id))
            case TaskView():
                return self._task(value)
            case Transaction():
                return self._transaction(value)
            case LiveInference():
                return self._live(value)
            case TokensStreamed():
                return _replace(value, text="") if self.hides(value.key.session_id) else value
            case Call() | TaskOutcome() | Verification():
                return self._answer(value)
            case LogLine() | Problem():
                return self._words(value)
            case tuple():
                return tuple(self._seen(one) for one in value)
            case msgspec.Struct():
                return self._parts(value)
            case _:
                return value

    def _parts(self, whole: msgspec.Struct) -> msgspec.Struct:
        """Look into a message: only what differs is copied."""
        changed: dict[str, object] = {}
        for name in whole.__struct_fields__:
            part = getattr(whole, name)
            if isinstance(part, (msgspec.Struct, tuple)):
                seen = self._seen(part)
                if seen is not part:
                    changed[name] = seen
        return _replace(whole, **changed) if changed else whole

    def _task(self, task: TaskView) -> TaskView:
        session_id = task.key.session_id
        if not self.hides(session_id):
            return _replace(task, is_private=self._private.has(session_id))
        answer = None if task.answer is None else ""
        note = without_payload(task.note)
        return _replace(
            task,
            prompt="",
            answer=answer,
            prompt_trouble="",  # it names the content id
            answer_trouble="",
            prompt_cid=None,  # who can reach the store gets the text by its id
            answer_cid=None,
            envelope=_envelope(task.envelope),
            note=note,
            is_private=True,
            is_hidden=True,
        )

    def _words(self, one: LogLine | Problem) -> LogLine | Problem:
        """Leave out what leads to a text; a problem, or a line that names no task, may be of any."""
        if isinstance(one, Problem):
            what, why, remedy = (without_payload(part) for part in (one.what, one.why, one.remedy))
            return _replace(one, what=what, why=why, remedy=remedy)
        if one.task is not None and not self.hides(one.task.session_id):
            return one
        fields = tuple((name, without_payload(value)) for name, value in one.fields)
        return _replace(one, event=without_payload(one.event), fields=fields)

    def _live(self, live: LiveInference) -> LiveInference:
        if not self.hides(live.key.session_id):
            return live
        return _replace(live, prompt="", answer="", error=without_payload(live.error), is_hidden=True)

    def _transaction(self, one: Transaction) -> Transaction:
        """Leave out a call's arguments, and what an endpoint may have repeated of them."""
        session_id = one.task_key.session_id if one.task_key else one.session_id
        if one.kind in _WITHOUT_PAYLOAD or session_id is None or not self.hides(session_id):
            return one
        name, has_arguments, _ = one.call.partition("(")
        return _replace(
            one,
            call=f"{name}(…)" if has_arguments else name,
            error=without_payload(one.error),
            waiting_for=without_payload(one.waiting_for),
            attempts=tuple(_attempt(attempt) for attempt in one.attempts),
            is_hidden=True,
        )

    def _answer(self, answer: Call | TaskOutcome | Verification) -> object:
        match answer:
            case Call():
                return self._call(answer)
            case TaskOutcome():
                return self._outcome(answer)
            case Verification():
                return self._verification(answer)

    def _call(self, call: Call) -> Call:
        if call.kind in _WITHOUT_PAYLOAD or call.session_id is None or not self.hides(call.session_id):
            return call
        return _replace(call, arguments=(), calldata="", is_hidden=True)

    def _outcome(self, outcome: TaskOutcome) -> TaskOutcome:
        if not self.hides(outcome.key.session_id):
            return outcome
        results = tuple(_replace(one, data=WITHHELD if one.data else "") for one in outcome.results)
        return _replace(outcome, results=results, note=without_payload(outcome.note), is_hidden=True)

    def _verification(self, found: Verification) -> Verification:
        if not self.hides(found.key.session_id):
            return found
        return _replace(
            found,
            summary=without_payload(found.summary),
            checks=tuple(_check(check) for check in found.checks),
            is_hidden=True,
        )


def _envelope(envelope: Envelope | None) -> Envelope | None:
    """Leave out the prompt's digest: whoever guesses the prompt would know by it."""
    return None if envelope is None else _replace(envelope, prompt_sha256=None)


def _attempt(attempt: Attempt) -> Attempt:
    return _replace(attempt, error=without_payload(attempt.error))


def _check(check: ProofCheck) -> ProofCheck:
    """Leave out values that are no hash: that of an answer is on chain for all to see."""
    detail = without_payload(check.detail)
    if any(without_payload(value) != value for value in (check.expected, check.found)):
        return _replace(check, expected="", found="", detail=detail, is_hidden=True)
    return _replace(check, detail=detail)
