"""What a client asks to be done with the owner's key, and what the node answers."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction

SEND_TIMEOUT_S = 180.0
"""How long a client waits for what ends in a transaction: until it is mined, on a slow public chain."""


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
    """Send what the owner's own wallet has signed, 0x hex. Answered with `Sent` once mined."""

    raw: str


class CheckSigned(msgspec.Struct, frozen=True, kw_only=True, tag="check_signed"):
    """Ask what a signed transaction, 0x hex, would do; sends nothing. Answered with `SignedChecked`."""

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


OwnerRequest = (
    CheckAssignment | Assign | PrepareAssignment | SendSigned | CheckSigned | CreateSession | Submit
)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One precondition; `is_met` is None where it could not be read."""

    name: str
    is_met: bool | None
    detail: str


class CheckedCall(msgspec.Struct, frozen=True, kw_only=True):
    """What a call would do, sent now. `fee_wei` is the most it can cost, None where that was not estimated.

    `signer` is the address whose key signs it. Wei as text. `in_flight` are tasks that are being answered now
    and may end unanswered by it; they stand in the way of nothing. Where `is_in_flight_known` is false, there
    may be some.
    """

    checks: tuple[Check, ...]
    call: str
    contract: str
    calldata: str
    fee_wei: str | None
    gas_limit: int | None
    signer: str = ""
    in_flight: tuple[TaskKey, ...] = ()
    is_in_flight_known: bool = True

    @property
    def is_allowed(self) -> bool:
        """Tell whether every check is known to be met."""
        return all(check.is_met for check in self.checks)


class AssignmentChecked(CheckedCall, frozen=True, kw_only=True, tag="assignment_checked"):
    """An assignment; `node_address` has its checksum now."""

    node_address: str


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
    """What a signed call does and the most that it can cost, wei; `warning` is "" for none."""

    call: str
    fee_wei: str
    warning: str = ""


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag="sent"):
    transaction: Transaction
    session_id: int | None = None
    task_key: TaskKey | None = None


OwnerReply = AssignmentChecked | AssignmentPrepared | SignedChecked | Sent
