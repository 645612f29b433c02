"""What goes over the node's socket: JSON, one object a line, UTF-8.

A client that attaches gets one `Snapshot`, then `Change`s numbered without gaps. A client asks with a
`Request` and gets one `Reply` with the same `request_id`; replies and changes share the line.
A reader's socket takes `Attach` only.
"""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.tasks import TaskView
from cortensor_tui.domain.throughput import Throughput
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.call_messages import CallReply, CallRequest
from cortensor_tui.node.history_messages import HistoryReply, HistoryRequest
from cortensor_tui.node.live_messages import LiveChange, LiveInference, Runs, ThroughputChanged
from cortensor_tui.node.log_messages import LogReply, LogRequest
from cortensor_tui.node.network_messages import NetworkReply, NetworkRequest
from cortensor_tui.node.owner_messages import OwnerReply, OwnerRequest
from cortensor_tui.node.session_messages import SessionReply, SessionRequest
from cortensor_tui.node.settings_messages import SettingsReply, SettingsRequest

PROTOCOL = 1
MAX_LINE_BYTES = 16 * 1024 * 1024

# --- what the node tells -------------------------------------------------------------------------


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """Everything a fresh client needs; `sequence` is the number of the last change it contains.

    `live` is the newest of `runs`, for clients of before there were several at once.
    """

    protocol: int
    sequence: int
    status: NodeStatus
    sessions: tuple[SessionView, ...]
    tasks: tuple[TaskView, ...]
    transactions: tuple[Transaction, ...]
    live: LiveInference | None
    rates: tuple[float, ...]
    throughput: Throughput = Throughput()
    runs: Runs = ()


class StatusChanged(msgspec.Struct, frozen=True, tag="status"):
    status: NodeStatus


class SessionsChanged(msgspec.Struct, frozen=True, tag="sessions"):
    """All sessions, whole."""

    sessions: tuple[SessionView, ...]


class SomeSessionsChanged(msgspec.Struct, frozen=True, tag="some_sessions"):
    """Sessions that are new or changed, and the ids of those that are gone; see `with_changed`."""

    sessions: tuple[SessionView, ...]
    gone: tuple[int, ...] = ()


class TaskChanged(msgspec.Struct, frozen=True, tag="task"):
    task: TaskView


class TransactionChanged(msgspec.Struct, frozen=True, tag="transaction"):
    transaction: Transaction


ChangeBody = (
    StatusChanged | SessionsChanged | SomeSessionsChanged | TaskChanged | TransactionChanged | LiveChange
)


LATER_CHANGES: tuple[type[ChangeBody], ...] = (ThroughputChanged, SomeSessionsChanged)
"""What a client of the first version of the protocol does not know."""


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change"):
    sequence: int
    body: ChangeBody


# --- what a client asks --------------------------------------------------------------------------


class Attach(msgspec.Struct, frozen=True, tag="attach"):
    """Send the snapshot and keep sending changes.

    `takes` are the tags of the changes of later versions that this client knows. Where it does not name one,
    something it knows is sent in its place, under the same number.
    """

    takes: tuple[str, ...] = ()


class GetStatus(msgspec.Struct, frozen=True, tag="get_status"):
    """Answered with `StatusChanged`."""


class GetSessions(msgspec.Struct, frozen=True, tag="get_sessions"):
    """Answered with `SessionsChanged`."""


class Reveal(msgspec.Struct, frozen=True, kw_only=True, tag="reveal"):
    """Show this connection a private session's prompts and answers, or hide them again. Answered with `Done`.

    Showing leaves a line in the node's log. Who is attached gets a fresh snapshot before the answer.
    """

    session_id: int
    is_hidden: bool = False


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Ask the node to stop; answered with `Done` before it does."""


RequestBody = (
    Attach
    | GetStatus
    | GetSessions
    | HistoryRequest
    | CallRequest
    | LogRequest
    | NetworkRequest
    | OwnerRequest
    | SessionRequest
    | SettingsRequest
    | Reveal
    | Stop
)


class Request(msgspec.Struct, frozen=True, kw_only=True, tag="request"):
    request_id: int
    body: RequestBody


# --- what the node answers -----------------------------------------------------------------------


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Nothing more to say."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    problem: Problem


ReplyBody = (
    StatusChanged
    | SessionsChanged
    | HistoryReply
    | CallReply
    | LogReply
    | NetworkReply
    | OwnerReply
    | SessionReply
    | SettingsReply
    | Done
    | Refused
)


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply"):
    request_id: int
    body: ReplyBody


Downstream = Snapshot | Change | Reply
