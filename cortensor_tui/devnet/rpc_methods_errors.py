"""JSON-RPC errors of the devnet's server, with the codes other Ethereum nodes use."""

from __future__ import annotations

import msgspec
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
LIMIT_EXCEEDED = -32005  # EIP-1474
EXECUTION_REVERTED = 3

_ERROR_STRING = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_LONGEST_REASON = 1_000


class ErrorObject(msgspec.Struct, frozen=True, omit_defaults=True):
    """The `error` member of an answer."""

    code: int
    message: str
    data: str | None = None


class RpcFault(Exception):  # noqa: N818 - it is the JSON-RPC error object on its way out
    """Ends a method with a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.error = ErrorObject(code, message, data)


def revert_fault(revert_data: bytes) -> RpcFault:
    """Return the error of a reverted message: code 3, the sentence if there is one, the bytes as data."""
    reason = revert_reason(revert_data)
    message = f"execution reverted: {reason}" if reason else "execution reverted"
    return RpcFault(EXECUTION_REVERTED, message, "0x" + revert_data.hex())


def revert_reason(revert_data: bytes) -> str:
    """Return the sentence in revert data, a panic's code, or "" when it holds neither."""
    selector, payload = revert_data[:4], revert_data[4:]
    try:
        if selector == _ERROR_STRING:
            return str(decode(["string"], payload)[0])[:_LONGEST_REASON]
        if selector == _PANIC:
            return f"panic code 0x{decode(['uint256'], payload)[0]:02x}"
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return ""
    return ""
