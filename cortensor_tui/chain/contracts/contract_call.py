"""A call to be sent to a contract, as calldata and as people read it."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import Function, encode_call


class ContractCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be sent: `text` is the decoded form for people, `data` is calldata in 0x hex."""

    to: str
    data: str
    text: str


def contract_call(
    address: str, contract: str, function: Function, arguments: tuple[Any, ...]
) -> ContractCall:
    """Return the call of a function; `contract` is the name that people know it by."""
    shown = ", ".join(_shown(argument) for argument in arguments)
    return ContractCall(
        to=address, data=encode_call(function, *arguments), text=f"{contract}.{function.name}({shown})"
    )


def _shown(argument: Any) -> str:
    text = "0x" + argument.hex() if isinstance(argument, bytes) else str(argument)
    return text if len(text) <= 66 else text[:63] + "..."
