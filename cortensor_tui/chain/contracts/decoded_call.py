"""Calldata with its arguments by name, whichever generation of the contracts it was made for."""

from __future__ import annotations

from typing import Any

import msgspec

from cortensor_tui.chain.contracts.abi import Function, decode_arguments, load_interface
from cortensor_tui.domain.networks import Generation

_CONTRACTS = ("SessionQueueV2", "SessionV2")
_GENERATIONS = (Generation.NEW, Generation.MID, Generation.OLD)


class NamedArgument(msgspec.Struct, frozen=True, kw_only=True):
    """One argument: name and ABI type from the contract's interface, the value as text, bytes as 0x hex."""

    name: str
    kind: str
    value: str


class DecodedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of one of the network's contracts."""

    contract: str
    function: str
    arguments: tuple[NamedArgument, ...]


def decoded_call(data: str) -> DecodedCall | None:
    """Return what 0x calldata calls, None where no contract that is known has such a function."""
    for generation in _GENERATIONS:
        for contract in _CONTRACTS:
            for function in load_interface(contract, generation).functions.values():
                is_called = data.startswith(f"0x{function.selector.hex()}")
                arguments = decode_arguments(function, data) if is_called else None
                if arguments is not None:
                    return _named(contract, function, arguments)
    return None


def _named(contract: str, function: Function, arguments: tuple[Any, ...]) -> DecodedCall:
    return DecodedCall(
        contract=contract,
        function=function.name,
        arguments=tuple(
            NamedArgument(name=name, kind=kind, value=_text(value))
            for name, kind, value in zip(function.input_names, function.inputs, arguments, strict=True)
        ),
    )


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (tuple, list)):
        return ", ".join(_text(one) for one in value)
    return str(value)
