"""What a transaction would do, in words for people: decoded where the contract is known, always inert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from cortensor_tui.chain.contracts.abi import Function, Interface, decode_arguments
from cortensor_tui.domain.inert import inert

MOST_ARGUMENT_CHARS: Final = 66
MOST_CALL_CHARS: Final = 600


class KnownContract(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that calls are decoded for."""

    title: str
    address: str
    interface: Interface


def call_text(to: str | None, data: str, contracts: Sequence[KnownContract]) -> str:
    """Return `SessionV2.addDedicatedNode(3, 0x…)`, or as much as can be said of a call that is not known."""
    if to is None:
        return f"making a contract from {_size(data)} bytes of code"
    place = inert(to, 42)
    if data in ("", "0x"):
        return f"a plain transfer to {place}"
    for contract in _nearest_first(to, contracts):
        for function in contract.interface.functions.values():
            arguments = decode_arguments(function, data)
            if arguments is not None:
                is_there = contract.address.lower() == to.lower()
                return _decoded(contract.title, function, arguments) + ("" if is_there else f" at {place}")
    return f"function {inert(data[:10], 10)} with {_size(data)} bytes at {place}"


def _nearest_first(to: str, contracts: Sequence[KnownContract]) -> list[KnownContract]:
    return sorted(contracts, key=lambda contract: contract.address.lower() != to.lower())


def _decoded(title: str, function: Function, arguments: tuple[Any, ...]) -> str:
    shown = ", ".join(_shown(argument) for argument in arguments)
    return inert(f"{title}.{function.name}({shown})", MOST_CALL_CHARS)


def _shown(argument: Any) -> str:
    text = "0x" + argument.hex() if isinstance(argument, bytes) else str(argument)
    return inert(text, MOST_ARGUMENT_CHARS)


def _size(data: str) -> int:
    return max(0, len(data.removeprefix("0x")) // 2)
