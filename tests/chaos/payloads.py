"""What a signed transaction says, read from its bytes by the public signatures and not by the node's code."""

from __future__ import annotations

from typing import Any

import msgspec
import rlp
from eth_abi.abi import decode
from eth_utils.crypto import keccak

from cortensor_tui.domain.tasks import TaskKey

_STEPS = {
    "ack": ("uint256", "uint256"),
    "precommit": ("uint256", "uint256", "bytes32", "string"),
    "commit": ("uint256", "uint256", "string"),
}
_BY_SELECTOR = {keccak(text=f"{name}({','.join(types)})")[:4]: name for name, types in _STEPS.items()}


class Step(msgspec.Struct, frozen=True):
    """One of a task's three steps; `payload_hash` is the answer's it promises or gives, empty for an ack."""

    kind: str
    key: TaskKey
    payload_hash: str = ""


class Payload(msgspec.Struct, frozen=True):
    """A raw transaction's hash, nonce, and step (None for any other call)."""

    hash: str
    nonce: int
    step: Step | None


def step_of(calldata: bytes) -> Step | None:
    """Return the step that calldata asks for, None for anything else."""
    kind = _BY_SELECTOR.get(calldata[:4])
    if kind is None:
        return None
    values: tuple[Any, ...] = decode(_STEPS[kind], calldata[4:])
    key = TaskKey(values[0], values[1])
    if kind == "precommit":
        return Step(kind, key, "0x" + values[2].hex())
    if kind == "commit":
        return Step(kind, key, "0x" + keccak(text=values[2]).hex())
    return Step(kind, key)


def payload_of(raw: bytes) -> Payload:
    """Return what a signed type-2 transaction says. Raises ValueError for another type."""
    if raw[:1] != b"\x02":
        raise ValueError(f"a transaction of another type: {raw[:1].hex()}")
    fields = rlp.decode(raw[1:])
    return Payload("0x" + keccak(raw).hex(), int.from_bytes(fields[1], "big"), step_of(bytes(fields[7])))
