"""What a client asks about the call of one transaction, and what the node answers."""

from __future__ import annotations

import msgspec

from cortensor_tui.domain.transactions import TransactionKind

MOST_VALUE_CHARS = 65_536
MOST_CALLDATA_CHARS = 262_144


class GetCall(msgspec.Struct, frozen=True, kw_only=True, tag="get_call"):
    """The call of a transaction, its arguments by name. Answered with `Call`."""

    transaction_id: int


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """One argument: name and type from the contract's interface; `value` cut to `MOST_VALUE_CHARS`.

    `chars` is how long the whole value is.
    """

    name: str
    kind: str
    value: str
    chars: int


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """A call as it was signed. `contract` and `function` are empty where no interface knows it.

    `calldata` is 0x hex, cut to `MOST_CALLDATA_CHARS`; `calldata_bytes` is the size of the whole.
    `is_hidden`: arguments and calldata were left out, since the session is private and was not asked for.
    """

    transaction_id: int
    kind: TransactionKind
    target: str
    session_id: int | None = None
    contract: str = ""
    function: str = ""
    arguments: tuple[Argument, ...] = ()
    calldata: str = ""
    calldata_bytes: int = 0
    is_hidden: bool = False


CallRequest = GetCall
CallReply = Call
