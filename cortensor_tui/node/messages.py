"""What goes over the node's socket: JSON, one object a line, UTF-8.

A client that attaches gets one `Snapshot`, then `Change`s numbered without gaps. A client asks with a
`Request` and gets one `Reply` with the same `request_id`; replies and changes share the line.
A reader's socket takes `Attach` only.
"""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.inference import Finished
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.sessions import SessionView
from cortensor_tui.domain.tasks import MinerResult, TaskKey, TaskView
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.domain.verification import Verification

PROTOCOL = 1
MAX_LINE_BYTES = 16 * 1024 * 1024

# --- what the node tells -------------------------------------------------------------------------


class LiveInference(msgspec.Struct, frozen=True, kw_only=True):
    """The run going on, or the last one. `answer` is what has been streamed so far; `error` what ended it."""

    key: TaskKey
    prompt: str
    answer: str
    token_count: int
    started_at: float
    prompt_tokens: int | None = None
    first_token_ms: float | None = None
    tokens_per_s: float | None = None
    finished: Finished | None = None
    error: str = ""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, tag="snapshot"):
    """Everything a fresh client needs; `sequence` is the number of the last change it contains."""

    protocol: int
    sequence: int
    status: NodeStatus
    sessions: tuple[SessionView, ...]
    tasks: tuple[TaskView, ...]
    transactions: tuple[Transaction, ...]
    live: LiveInference | None
    rates: tuple[float, ...]


class StatusChanged(msgspec.Struct, frozen=True, tag="status"):
    status: NodeStatus


class SessionsChanged(msgspec.Struct, frozen=True, tag="sessions"):
    """All sessions, whole."""

    sessions: tuple[SessionView, ...]


class TaskChanged(msgspec.Struct, frozen=True, tag="task"):
    task: TaskView


class TransactionChanged(msgspec.Struct, frozen=True, tag="transaction"):
    transaction: Transaction


class InferenceStarted(msgspec.Struct, frozen=True, tag="inference_started"):
    live: LiveInference


class TokensStreamed(msgspec.Struct, frozen=True, kw_only=True, tag="tokens"):
    """Text that follows what was streamed before; several tokens travel together."""

    key: TaskKey
    text: str
    token_count: int
    prompt_tokens: int | None
    first_token_ms: float | None
    tokens_per_s: float | None


class InferenceFinished(msgspec.Struct, frozen=True, kw_only=True, tag="inference_finished"):
    key: TaskKey
    finished: Finished | None
    error: str = ""


class RateSampled(msgspec.Struct, frozen=True, tag="rate"):
    """Decode speed over the last second, one point of the sparkline; 0 while idle."""

    tokens_per_s: float


ChangeBody = (
    StatusChanged
    | SessionsChanged
    | TaskChanged
    | TransactionChanged
    | InferenceStarted
    | TokensStreamed
    | InferenceFinished
    | RateSampled
)


class Change(msgspec.Struct, frozen=True, kw_only=True, tag="change"):
    sequence: int
    body: ChangeBody


# --- what a client asks --------------------------------------------------------------------------


class Attach(msgspec.Struct, frozen=True, tag="attach"):
    """Send the snapshot and keep sending changes."""


class GetStatus(msgspec.Struct, frozen=True, tag="get_status"):
    """Answered with `StatusChanged`."""


class GetSessions(msgspec.Struct, frozen=True, tag="get_sessions"):
    """Answered with `SessionsChanged`."""


class GetTasks(msgspec.Struct, frozen=True, kw_only=True, tag="get_tasks"):
    """Newest first. Answered with `Tasks`."""

    session_id: int | None = None
    limit: int = 100


class GetTask(msgspec.Struct, frozen=True, kw_only=True, tag="get_task"):
    """One task with its texts whole; lists carry their start. Answered with `Tasks`."""

    key: TaskKey


class GetTransactions(msgspec.Struct, frozen=True, kw_only=True, tag="get_transactions"):
    """Newest first. Answered with `Transactions`."""

    limit: int = 100


class CheckAssignment(msgspec.Struct, frozen=True, kw_only=True, tag="check_assignment"):
    """What would happen if this were sent; answered with `AssignmentChecked`. Sends nothing."""

    session_id: int
    node_address: str
    unbind: bool = False


class Assign(msgspec.Struct, frozen=True, kw_only=True, tag="assign"):
    """Bind (or unbind) a node with the owner's key. Answered with `Sent` once mined."""

    session_id: int
    node_address: str
    unbind: bool = False


class PrepareAssignment(msgspec.Struct, frozen=True, kw_only=True, tag="prepare_assignment"):
    """The transaction of an assignment, for an external wallet; answered with `AssignmentPrepared`."""

    session_id: int
    node_address: str
    unbind: bool = False


class SendSigned(msgspec.Struct, frozen=True, kw_only=True, tag="send_signed"):
    """Send an assignment that the owner's own wallet has signed, 0x hex. Answered with `Sent` once mined."""

    raw: str


class CheckSigned(msgspec.Struct, frozen=True, kw_only=True, tag="check_signed"):
    """Ask what a signed assignment, 0x hex, would do; sends nothing. Answered with `SignedChecked`."""

    raw: str


class CreateSession(msgspec.Struct, frozen=True, kw_only=True, tag="create_session"):
    """Answered with `Sent`, `session_id` set, once mined."""

    name: str
    metadata: str = ""
    min_nodes: int = 1
    max_nodes: int = 1
    redundant: int = 1
    validator_nodes: int = 0
    mode: int = 2
    sla: int = 0
    model_identifier: int = 0
    reserve_period_s: int = 300
    max_task_executions: int = 5


class Submit(msgspec.Struct, frozen=True, kw_only=True, tag="submit"):
    """Submit a prompt with the owner's key. Answered with `Sent`, `task_key` set, once mined."""

    session_id: int
    prompt: str
    prompt_type: int = 1
    prompt_template: str = ""
    llm_params: tuple[int, ...] = (128, 70, 100, 40, 100, 0, 0)


class WaitTask(msgspec.Struct, frozen=True, kw_only=True, tag="wait_task"):
    """Answered with `TaskOutcome` when the task has ended on chain, or as it stands after the time."""

    key: TaskKey
    timeout_s: float = 120.0


class Verify(msgspec.Struct, frozen=True, kw_only=True, tag="verify"):
    """Check a task's stored bytes against the chain. Answered with `Verification`."""

    key: TaskKey


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Ask the node to stop; answered with `Done` before it does."""


RequestBody = (
    Attach
    | GetStatus
    | GetSessions
    | GetTasks
    | GetTask
    | GetTransactions
    | CheckAssignment
    | Assign
    | PrepareAssignment
    | SendSigned
    | CheckSigned
    | CreateSession
    | Submit
    | WaitTask
    | Verify
    | Stop
)


class Request(msgspec.Struct, frozen=True, kw_only=True, tag="request"):
    request_id: int
    body: RequestBody


# --- what the node answers -----------------------------------------------------------------------


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One precondition; `is_met` is None where it could not be read."""

    name: str
    is_met: bool | None
    detail: str


class AssignmentChecked(msgspec.Struct, frozen=True, kw_only=True, tag="assignment_checked"):
    """`fee_wei` is the most it can cost, as text, None where it could not be estimated."""

    checks: tuple[Check, ...]
    node_address: str
    call: str
    contract: str
    calldata: str
    fee_wei: str | None
    gas_limit: int | None

    @property
    def is_allowed(self) -> bool:
        """Tell whether every check is known to be met."""
        return all(check.is_met for check in self.checks)


class AssignmentPrepared(msgspec.Struct, frozen=True, kw_only=True, tag="assignment_prepared"):
    """What the owner's wallet is to sign, a transaction of type 2; wei as text."""

    checked: AssignmentChecked
    owner: str
    chain_id: int
    nonce: int
    gas_limit: int
    max_fee_per_gas_wei: str
    max_priority_fee_per_gas_wei: str


class SignedChecked(msgspec.Struct, frozen=True, kw_only=True, tag="signed_checked"):
    """What a signed assignment does and the most that it can cost, wei; `warning` is "" for none."""

    call: str
    fee_wei: str
    warning: str = ""


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag="sent"):
    transaction: Transaction
    session_id: int | None = None
    task_key: TaskKey | None = None


class Tasks(msgspec.Struct, frozen=True, tag="task_list"):
    tasks: tuple[TaskView, ...]


class Transactions(msgspec.Struct, frozen=True, tag="transaction_list"):
    transactions: tuple[Transaction, ...]


class TaskOutcome(msgspec.Struct, frozen=True, kw_only=True, tag="task_outcome"):
    """A task and every miner's answer as they stand on chain; `note` is why this node missed it."""

    key: TaskKey
    stage: str
    is_ended: bool
    results: tuple[MinerResult, ...]
    note: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Nothing more to say."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    problem: Problem


ReplyBody = (
    StatusChanged
    | SessionsChanged
    | Tasks
    | Transactions
    | AssignmentChecked
    | AssignmentPrepared
    | SignedChecked
    | Sent
    | TaskOutcome
    | Verification
    | Done
    | Refused
)


class Reply(msgspec.Struct, frozen=True, kw_only=True, tag="reply"):
    request_id: int
    body: ReplyBody


Downstream = Snapshot | Change | Reply
