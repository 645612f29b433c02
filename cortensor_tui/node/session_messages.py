"""What a client asks of one session: read it fresh, change it, close it, put another node in."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.owner_messages import CheckedCall, CreateSession, Submit


class GetSession(msgspec.Struct, frozen=True, kw_only=True, tag="get_session"):
    """Read a session from its contract now. Answered with `SessionReading`."""

    session_id: int


class UpdateSession(msgspec.Struct, frozen=True, kw_only=True, tag="update_session"):
    """Change a session of the owner's; None leaves a field as it is. Answered with `Sent` once mined."""

    session_id: int
    name: str | None = None
    metadata: str | None = None
    min_nodes: int | None = None
    max_nodes: int | None = None
    redundant: int | None = None
    validator_nodes: int | None = None
    mode: int | None = None


class DeactivateSession(msgspec.Struct, frozen=True, kw_only=True, tag="deactivate_session"):
    """Close a session of the owner's for good. Answered with `Sent` once mined."""

    session_id: int


Act = CreateSession | UpdateSession | DeactivateSession | Submit


class CheckAct(msgspec.Struct, frozen=True, kw_only=True, tag="check_act"):
    """What would happen if this were sent; answered with `ActChecked`. Sends nothing."""

    act: Act


class PrepareAct(msgspec.Struct, frozen=True, kw_only=True, tag="prepare_act"):
    """The transaction of an act, for the owner's own wallet; answered with `ActPrepared`. Sends nothing."""

    act: UpdateSession | DeactivateSession


class SwapNodes(msgspec.Struct, frozen=True, kw_only=True, tag="swap_nodes"):
    """Unbind one node, then bind another in its place. Answered with `Swapped`.

    The node carries it through even if whoever asked is gone by then.
    """

    session_id: int
    unbind_address: str
    bind_address: str


class CheckSwap(msgspec.Struct, frozen=True, kw_only=True, tag="check_swap"):
    """What would happen if this were sent; answered with `SwapChecked`. Sends nothing."""

    swap: SwapNodes


SessionAct = UpdateSession | DeactivateSession | CheckAct | PrepareAct | SwapNodes | CheckSwap
SessionRequest = GetSession | SessionAct


class ActChecked(CheckedCall, frozen=True, kw_only=True, tag="act_checked"):
    """Anything but an assignment, checked."""


class ActPrepared(msgspec.Struct, frozen=True, kw_only=True, tag="act_prepared"):
    """What the owner's wallet is to sign, a transaction of type 2; wei as text."""

    checked: ActChecked
    owner: str
    chain_id: int
    nonce: int
    gas_limit: int
    max_fee_per_gas_wei: str
    max_priority_fee_per_gas_wei: str


class SwapChecked(CheckedCall, frozen=True, kw_only=True, tag="swap_checked"):
    """The first half, the unbinding; `then_call` is the second. `then_fee_wei` is None until it can be tried.

    A session that is full takes the second node only once the first is out, so it cannot be tried before.
    """

    then_call: str
    then_fee_wei: str | None = None


class Swapped(msgspec.Struct, frozen=True, kw_only=True, tag="swapped"):
    """How far a swap came. `bound` is None where the second half failed; then `problem` says why.

    A first half that failed is no `Swapped` but a refusal: nothing has changed then.
    """

    session_id: int
    unbound: Transaction
    bound: Transaction | None = None
    problem: Problem | None = None


SessionReply = SessionReading | ActChecked | ActPrepared | SwapChecked | Swapped
