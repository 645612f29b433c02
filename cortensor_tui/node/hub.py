"""What the node says now, and everyone who wants to hear when it changes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.sessions import SessionView, with_changed
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.domain.throughput import Throughput
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.live_messages import (
    InferenceFinished,
    InferenceStarted,
    RateSampled,
    Runs,
    ThroughputChanged,
    TokensStreamed,
    newest_run,
    runs_after,
)
from cortensor_tui.node.messages import (
    PROTOCOL,
    Change,
    ChangeBody,
    SessionsChanged,
    Snapshot,
    SomeSessionsChanged,
    StatusChanged,
    TaskChanged,
    TransactionChanged,
)

KEPT_TASKS = 50
KEPT_TRANSACTIONS = 100
KEPT_RATES = 120
# A listener this far behind is let go; it attaches again and gets a fresh snapshot.
MOST_WAITING = 2_000

Listener = asyncio.Queue[Change | Snapshot | None]
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Hub:
    """Numbers every change, keeps what a snapshot needs, and hands changes to listeners."""

    def __init__(self, status: NodeStatus) -> None:
        self._sequence = 0
        self._status = status
        self._sessions: tuple[SessionView, ...] = ()
        self._tasks: dict[TaskKey, TaskView] = {}
        self._transactions: dict[int, Transaction] = {}
        self._runs: Runs = ()
        self._rates: deque[float] = deque(maxlen=KEPT_RATES)
        self._throughput = Throughput()
        self._listeners: set[Listener] = set()

    @property
    def status(self) -> NodeStatus:
        """Return the last status."""
        return self._status

    @property
    def sessions(self) -> tuple[SessionView, ...]:
        """Return all sessions as last read."""
        return self._sessions

    @property
    def is_listened_to(self) -> bool:
        """Tell whether a client follows the changes."""
        return bool(self._listeners)

    def snapshot(self) -> Snapshot:
        """Return everything a fresh client needs, tasks and transactions newest first."""
        return Snapshot(
            protocol=PROTOCOL,
            sequence=self._sequence,
            status=self._status,
            sessions=self._sessions,
            tasks=tuple(reversed(self._tasks.values())),
            transactions=tuple(reversed(self._transactions.values())),
            live=newest_run(self._runs),
            runs=self._runs,
            rates=tuple(self._rates),
            throughput=self._throughput,
        )

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Give a queue of changes from now on; None in it means the listener fell too far behind."""
        listener: Listener = asyncio.Queue(MOST_WAITING + 1)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def reset(self) -> None:
        """Forget tasks, transactions and sessions: another chain is served. Listeners get a new snapshot."""
        self._tasks.clear()
        self._transactions.clear()
        self._sessions, self._runs, self._throughput = (), (), Throughput()
        self._sequence += 1
        self.tell_anew()

    def tell_anew(self) -> None:
        """Hand everything to every listener, as what they have may not be what they would get now."""
        snapshot = self.snapshot()
        for listener in tuple(self._listeners):
            self._hand(listener, snapshot)

    def publish(self, body: ChangeBody) -> None:
        """Take a change, number it and hand it on. A status or session list equal to the last is dropped."""
        sessions = self._sessions
        if not self._keep(body):
            return
        if isinstance(body, SessionsChanged):
            body = _shortened(sessions, body)
        self._sequence += 1
        change = Change(sequence=self._sequence, body=body)
        for listener in tuple(self._listeners):
            self._hand(listener, change)

    def _hand(self, listener: Listener, message: Change | Snapshot) -> None:
        if listener.qsize() >= MOST_WAITING:
            self._listeners.discard(listener)
            listener.put_nowait(None)
        else:
            listener.put_nowait(message)

    def _keep(self, body: ChangeBody) -> bool:
        match body:
            case StatusChanged(status):
                is_new, self._status = status != self._status, status
                return is_new
            case SessionsChanged(sessions):
                is_new, self._sessions = sessions != self._sessions, sessions
                return is_new
            case TaskChanged(task):
                _keep_newest(self._tasks, task.key, task, KEPT_TASKS)
            case TransactionChanged(transaction):
                _keep_newest(self._transactions, transaction.transaction_id, transaction, KEPT_TRANSACTIONS)
            case RateSampled(rate):
                self._rates.append(rate)
            case ThroughputChanged(spans):
                self._throughput = self._throughput.with_spans(spans)
            case InferenceStarted() | TokensStreamed() | InferenceFinished():
                self._runs = runs_after(self._runs, body)
        return True


def _shortened(
    before: tuple[SessionView, ...], change: SessionsChanged
) -> SessionsChanged | SomeSessionsChanged:
    """Return only what changed, where that is less and says the same: a thousand sessions are 300 kB."""
    known = {view.session.session_id: view for view in before}
    changed = tuple(view for view in change.sessions if known.pop(view.session.session_id, None) != view)
    some = SomeSessionsChanged(changed, tuple(known))
    is_less = len(changed) + len(known) < len(change.sessions)
    return some if is_less and with_changed(before, some.sessions, some.gone) == change.sessions else change


def _keep_newest(kept: dict[_Key, _Value], key: _Key, value: _Value, most: int) -> None:
    kept[key] = value
    if len(kept) > most:
        kept.pop(next(iter(kept)))
