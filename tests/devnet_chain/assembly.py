"""A small contract written by hand, so that the chain's tests need no compiler and no other room.

What it does is chosen by the first word of the call data; further words are arguments.
"""

from __future__ import annotations

from enum import IntEnum

from eth_abi.abi import encode


class Act(IntEnum):
    """What the contract can be asked."""

    CALLER = 0
    LOG = 1  # topic, topic, topic, data word; also stores topic 2 in slot 0
    REVERT = 2  # the bytes after the first word
    LOAD = 3  # slot
    LOOP = 4
    RECURSE = 5
    BLOCK_HASH = 6  # number
    TIME_AND_NUMBER = 7
    INVALID = 8
    STORE = 9  # slot, value
    GAS_PRICE = 10
    BURN_IN_CHILD = 11  # calls STORE in itself: needs more gas than it uses


_OPCODES = {
    "STOP": 0x00, "SUB": 0x03, "EQ": 0x14, "ADDRESS": 0x30, "CALLER": 0x33, "CALLDATALOAD": 0x35,
    "CALLDATASIZE": 0x36, "CALLDATACOPY": 0x37, "GASPRICE": 0x3A, "BLOCKHASH": 0x40, "TIMESTAMP": 0x42,
    "NUMBER": 0x43, "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55, "JUMP": 0x56, "JUMPI": 0x57,
    "GAS": 0x5A, "JUMPDEST": 0x5B, "DUP1": 0x80, "LOG3": 0xA3, "CALL": 0xF1, "RETURN": 0xF3,
    "REVERT": 0xFD, "INVALID": 0xFE,
}  # fmt: skip


def assemble(source: str) -> bytes:
    """Assemble words: an opcode, a number to push, `:label` to define a place and `@label` to push it."""
    code = bytearray()
    labels: dict[str, int] = {}
    references: list[tuple[int, str]] = []
    for word in source.split():
        if word.startswith(":"):
            labels[word[1:]] = len(code)
            code.append(_OPCODES["JUMPDEST"])
        elif word.startswith("@"):
            references.append((len(code) + 1, word[1:]))
            code += b"\x61\x00\x00"
        elif word.isdigit():
            value = int(word).to_bytes(max(1, (int(word).bit_length() + 7) // 8), "big")
            code += bytes([0x5F + len(value)]) + value
        else:
            code.append(_OPCODES[word])
    for position, label in references:
        code[position : position + 2] = labels[label].to_bytes(2, "big")
    return bytes(code)


def _argument(number: int) -> str:
    return f"{32 * number} CALLDATALOAD"


_RETURN_WORD = "0 MSTORE 32 0 RETURN"
_BODIES = {
    Act.CALLER: f"CALLER {_RETURN_WORD}",
    Act.LOG: (
        f"{_argument(2)} 0 SSTORE {_argument(4)} 0 MSTORE "
        f"{_argument(3)} {_argument(2)} {_argument(1)} 32 0 LOG3 STOP"
    ),
    Act.REVERT: "32 CALLDATASIZE SUB 32 0 CALLDATACOPY 32 CALLDATASIZE SUB 0 REVERT",
    Act.LOAD: f"{_argument(1)} SLOAD {_RETURN_WORD}",
    Act.LOOP: ":again @again JUMP",
    Act.RECURSE: f"{int(Act.RECURSE)} 0 MSTORE 0 0 32 0 0 ADDRESS GAS CALL STOP",
    Act.BLOCK_HASH: f"{_argument(1)} BLOCKHASH {_RETURN_WORD}",
    Act.TIME_AND_NUMBER: "TIMESTAMP 0 MSTORE NUMBER 32 MSTORE 64 0 RETURN",
    Act.INVALID: "INVALID",
    Act.STORE: f"{_argument(2)} {_argument(1)} SSTORE STOP",
    Act.GAS_PRICE: f"GASPRICE {_RETURN_WORD}",
    Act.BURN_IN_CHILD: (
        f"{int(Act.STORE)} 0 MSTORE {_argument(1)} 32 MSTORE 7 64 MSTORE 0 0 96 0 0 ADDRESS GAS CALL "
        "@done JUMPI 0 0 REVERT :done STOP"
    ),
}


def _runtime() -> bytes:
    dispatch = " ".join(f"DUP1 {int(act)} EQ @act{int(act)} JUMPI" for act in _BODIES)
    bodies = " ".join(f":act{int(act)} {body}" for act, body in _BODIES.items())
    return assemble(f"0 CALLDATALOAD {dispatch} STOP {bodies}")


def init_code() -> bytes:
    """Return what deploys the contract."""
    runtime = _runtime()
    header = 15  # the length of the line below, with both sizes in two bytes
    prefix = b"\x61" + len(runtime).to_bytes(2, "big") + b"\x61" + header.to_bytes(2, "big") + b"\x60\x00\x39"
    prefix += b"\x61" + len(runtime).to_bytes(2, "big") + b"\x60\x00\xf3"
    return prefix + runtime


def ask(act: Act, *arguments: int, tail: bytes = b"") -> str:
    """Return call data."""
    words = (int(act), *arguments)
    return "0x" + b"".join(word.to_bytes(32, "big") for word in words).hex() + tail.hex()


def error_string(sentence: str) -> bytes:
    """Return what Solidity's `revert("sentence")` returns."""
    return bytes.fromhex("08c379a0") + encode(["string"], [sentence])
