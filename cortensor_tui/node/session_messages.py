"""What a client asks of one session: read it fresh, change it, close it, put another node in."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.transactions import Transaction
from cortensor_tui.node.owner_messages import Assign, CheckedCall, CreateSession, SendSigned, Submit


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


class HandOver(msgspec.Struct, frozen=True, kw_only=True, tag="hand_over"):
    """Give a session of the owner's to another address. Answered with `Sent` once mined.

    Only the new owner can give it back.
    """

    session_id: int
    new_owner: str


class SetRouter(msgspec.Struct, frozen=True, kw_only=True, tag="set_router"):
    """List a router of a session, or give a listed one another text; without `text` it is taken off the list.

    Answered with `Sent` once mined.
    """

    session_id: int
    address: str
    text: str | None = None


Change = UpdateSession | DeactivateSession | HandOver | SetRouter
"""What is done to a session that is there."""
Act = CreateSession | Change | Submit


class CheckAct(msgspec.Struct, frozen=True, kw_only=True, tag="check_act"):
    """What would happen if this were sent; answered with `ActChecked`. Sends nothing."""

    act: Act


class PrepareAct(msgspec.Struct, frozen=True, kw_only=True, tag="prepare_act"):
    """The transaction of an act, for the owner's own wallet; answered with `ActPrepared`. Sends nothing."""

    act: Change


class SwapNodes(msgspec.Struct, frozen=True, kw_only=True, tag="swap_nodes"):
    """Unbind one node, then bind another in its place. Answered with `Swapped` when it is over.

    The node carries it through even if whoever asked is gone by then, and after a restart; its status tells
    how far it is.
    """

    session_id: int
    unbind_address: str
    bind_address: str
    when_busy: WhenBusy = WhenBusy.REFUSE


class StopSwap(msgspec.Struct, frozen=True, kw_only=True, tag="stop_swap"):
    """Give up a swap of which nothing is signed, or forget one half way or that came to nothing. Answered
    with `SwapStopped`."""

    session_id: int


class CheckSwap(msgspec.Struct, frozen=True, kw_only=True, tag="check_swap"):
    """What would happen if this were sent; answered with `SwapChecked`. Sends nothing."""

    swap: SwapNodes


Sending = Assign | SendSigned | CreateSession | Submit | Change | SwapNodes
"""What ends in transactions."""
SessionAct = Change | CheckAct | PrepareAct | SwapNodes | CheckSwap | StopSwap
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

    Without a `problem` somebody else has bound the node meanwhile. A first half that failed is no `Swapped`
    but a refusal: nothing has changed then.
    """

    session_id: int
    unbound: Transaction
    bound: Transaction | None = None
    problem: Problem | None = None


class SwapStopped(msgspec.Struct, frozen=True, kw_only=True, tag="swap_stopped"):
    """The swap is given up: nothing was sent for it, or it is no longer told of."""

    session_id: int


SessionReply = SessionReading | ActChecked | ActPrepared | SwapChecked | Swapped | SwapStopped
