"""Reading JSON-RPC parameters: every mistake becomes "invalid params" with the place and what is accepted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec
from eth_typing import Address

from cortensor_tui.devnet.block_index import BlockIndex, BlockRecord
from cortensor_tui.devnet.rpc_methods_errors import INVALID_PARAMS, SERVER_ERROR, RpcFault

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}\Z")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*\Z")
TAGS = ("earliest", "latest", "safe", "finalized", "pending")
_HEAD_TAGS = ("latest", "safe", "finalized")  # nothing here is ever undone, so the head is final


class BlockReference(msgspec.Struct, frozen=True):
    """A block as a client names it: by number, by hash, or as the block to come."""

    number: int | None = None
    block_hash: bytes | None = None
    is_pending: bool = False


def refuse(what: str) -> NoReturn:
    """End the method with "invalid params"."""
    raise RpcFault(INVALID_PARAMS, f"invalid params: {what}")


def quantity(value: object, name: str) -> int:
    """Read a hex quantity; plain integers are taken too, as some clients send them."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 256:
        return value
    if isinstance(value, str) and _QUANTITY.match(value):
        return int(value, 16)
    return refuse(f"{name} must be a hex quantity such as 0x1f")


def data_bytes(value: object, name: str) -> bytes:
    """Read 0x-prefixed bytes of any length."""
    if isinstance(value, str) and _DATA.match(value):
        return bytes.fromhex(value[2:])
    return refuse(f"{name} must be 0x followed by an even number of hex digits")


def fixed_bytes(value: object, length: int, name: str) -> bytes:
    """Read exactly `length` bytes."""
    found = data_bytes(value, name)
    return found if len(found) == length else refuse(f"{name} must have {length} bytes, it has {len(found)}")


def address_bytes(value: object, name: str) -> Address:
    """Read an address, in any case."""
    return Address(fixed_bytes(value, 20, name))


class Params:
    """The positional parameters of one call; None and absence are the same."""

    def __init__(self, values: object, *, at_most: int) -> None:
        if values is None:
            values = []
        if not isinstance(values, list):
            refuse("parameters must be a list")
        while values and values[-1] is None:
            values = values[:-1]
        if len(values) > at_most:
            refuse(f"{len(values)} parameters were sent, at most {at_most} are taken")
        self._values: list[Any] = values

    def raw(self, position: int) -> Any:
        """Return a parameter as it came, None if absent."""
        return self._values[position] if position < len(self._values) else None

    def required(self, position: int, name: str) -> Any:
        """Return a parameter that must be there."""
        value = self.raw(position)
        return value if value is not None else refuse(f"{name} is missing")

    def quantity(self, position: int, name: str) -> int:
        """Read a required quantity."""
        return quantity(self.required(position, name), name)

    def data(self, position: int, name: str) -> bytes:
        """Read required bytes."""
        return data_bytes(self.required(position, name), name)

    def hash(self, position: int, name: str) -> bytes:
        """Read a required 32-byte hash."""
        return fixed_bytes(self.required(position, name), 32, name)

    def address(self, position: int, name: str = "address") -> Address:
        """Read a required address."""
        return address_bytes(self.required(position, name), name)

    def flag(self, position: int, name: str) -> bool:
        """Read a boolean, false if absent."""
        value = self.raw(position)
        if value is None or isinstance(value, bool):
            return bool(value)
        return refuse(f"{name} must be true or false")

    def mapping(self, position: int, name: str) -> Mapping[str, Any]:
        """Read a required object."""
        value = self.required(position, name)
        return value if isinstance(value, dict) else refuse(f"{name} must be an object")

    def block(self, position: int, head: int, name: str = "block") -> BlockReference:
        """Read a block number, tag or EIP-1898 object; absent means the head."""
        return block_reference(self.raw(position), head, name)


def block_reference(value: object, head: int, name: str) -> BlockReference:
    """Read a block number, a tag or an EIP-1898 object."""
    if value is None or value in _HEAD_TAGS:
        return BlockReference(number=head)
    if value == "pending":
        return BlockReference(number=head, is_pending=True)
    if value == "earliest":
        return BlockReference(number=0)
    if isinstance(value, dict):
        if "blockHash" in value:
            return BlockReference(block_hash=fixed_bytes(value["blockHash"], 32, f"{name}.blockHash"))
        return BlockReference(number=quantity(value.get("blockNumber"), f"{name}.blockNumber"))
    return BlockReference(number=quantity(value, name))


def find_block(index: BlockIndex, reference: BlockReference) -> BlockRecord | None:
    """Return the block referred to; for the block to come, the head it will stand on."""
    if reference.block_hash is not None:
        return index.block_by_hash(reference.block_hash)
    return None if reference.number is None else index.block(reference.number)


def known_block(index: BlockIndex, reference: BlockReference) -> BlockRecord:
    """Return the block referred to, or end the method as other nodes do when it does not exist."""
    block = find_block(index, reference)
    if block is None:
        raise RpcFault(SERVER_ERROR, f"header not found: the head is block {index.head.number}")
    return block
