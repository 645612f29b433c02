"""Encoding and decoding of calls, logs and reverts, from the public signatures in signatures.json."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import msgspec
from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder
from eth_abi.exceptions import DecodingError, EncodingError
from eth_abi.registry import BaseEquals, registry
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from cortensor_tui.domain.problems import problem_error

_ERROR_STRING = bytes.fromhex("08c379a0")  # Error(string), Solidity's revert with a reason
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_REVERT_DATA = re.compile(r"(?:Reverted )?0x((?:[0-9a-fA-F]{2})*)")
_PANICS = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x32: "index out of range",
}


def _make_codec() -> ABICodec:
    own = registry.copy()
    own.unregister("string")
    # Strings come from strangers: bytes that are no UTF-8 become U+FFFD instead of an exception.
    lenient = StringDecoder(handle_string_errors="replace")
    own.register(BaseEquals("string", with_sub=False), TextStringEncoder, lenient, label="string")
    return ABICodec(own)


_codec = _make_codec()


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """One contract function; types are ABI types without names. `input_names` has the parameters' names.

    `output_fields` has name and type of each field of what it answers, where that is one flat struct.
    """

    name: str
    selector: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    input_names: tuple[str, ...] = ()
    output_fields: tuple[tuple[str, str], ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One contract event; `topic0` is 0x hex, lower case."""

    name: str
    topic0: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """Functions by name and events by topic of one contract in one generation."""

    functions: Mapping[str, Function]
    events: Mapping[str, Event]


@functools.cache
def load_interface(contract: str, generation: str = "new") -> Interface:
    """Return the interface of "SessionV2" or "SessionQueueV2" in the "old", "mid" or "new" generation."""
    text = resources.files(__package__ or "").joinpath("signatures.json").read_text(encoding="utf-8")
    part = json.loads(text)["contracts"][contract][generation]
    functions = [_function(signature, entry) for signature, entry in part["functions"].items()]
    events = [_event(signature, entry) for signature, entry in part["events"].items()]
    return Interface(
        functions={function.name: function for function in functions},
        events={event.topic0: event for event in events},
    )


# Our own Runtime: the network's has no public interface (cortensor-protocol.md, 3).
RUNTIME_GET_MODULE = Function(
    name="getModuleAddress",
    selector=keccak(text="getModuleAddress(string)")[:4],
    inputs=("string",),
    outputs=("address",),
)


def encode_call(function: Function, *arguments: Any) -> str:
    """Return calldata as 0x hex. Raises `ProblemError` for an argument that the function cannot take."""
    try:
        return "0x" + (function.selector + _codec.encode(function.inputs, arguments)).hex()
    except (EncodingError, UnicodeEncodeError) as error:
        raise problem_error(
            "bad_argument", f"An argument does not fit {function.name}", str(error)[:200], "Correct it"
        ) from error


def decode_arguments(function: Function, calldata: str) -> tuple[Any, ...] | None:
    """Return the arguments in calldata, or None when it calls something else."""
    try:
        data = bytes.fromhex(calldata.removeprefix("0x"))
    except ValueError:
        return None
    if data[:4] != function.selector:
        return None
    try:
        return _codec.decode(function.inputs, data[4:], strict=False)
    except DecodingError:
        return None


def decode_output(function: Function, answer: str) -> tuple[Any, ...]:
    """Return what a call answered. Raises `ProblemError` when the answer is not the function's."""
    try:
        return _codec.decode(function.outputs, bytes.fromhex(answer.removeprefix("0x")), strict=False)
    except (DecodingError, ValueError) as error:
        raise problem_error(
            "unexpected_contract",
            f"The contract's answer to {function.name} cannot be read",
            str(error)[:200] or "it is empty",
            "Check the contract addresses in the settings: this may be another contract or generation",
        ) from error


def decode_log(event: Event, topics: Sequence[str], data: str) -> dict[str, Any]:
    """Return a log's values by name. Raises `ValueError` when it does not fit the event."""
    plain = [kind for kind, indexed in zip(event.types, event.indexed, strict=True) if not indexed]
    try:
        rest = iter(_codec.decode(plain, bytes.fromhex(data.removeprefix("0x")), strict=False))
        found = iter(
            [
                _codec.decode([kind], bytes.fromhex(topic.removeprefix("0x")))[0]
                for kind, topic in zip(
                    [kind for kind, indexed in zip(event.types, event.indexed, strict=True) if indexed],
                    topics[1:],
                    strict=True,
                )
            ]
        )
    except DecodingError as error:
        raise ValueError(str(error)) from error
    return {
        name: next(found) if indexed else next(rest)
        for name, indexed in zip(event.names, event.indexed, strict=True)
    }


def revert_bytes(data: Any) -> bytes:
    """Return the bytes of a revert from an error's `data`; empty where it holds none.

    Some endpoints wrap them in an object, and Nethermind has written "Reverted 0x..." in front of them.
    """
    if isinstance(data, Mapping):
        data = data.get("data")
    found = _REVERT_DATA.fullmatch(data) if isinstance(data, str) else None
    return bytes.fromhex(found[1]) if found else b""


def revert_sentence(data: Any, message: str) -> str:
    """Return why a call reverted, from its revert bytes where there are any, else from the message."""
    raw = revert_bytes(data)
    if len(raw) >= 4:
        try:
            if raw[:4] == _ERROR_STRING:
                return str(_codec.decode(["string"], raw[4:], strict=False)[0])
            if raw[:4] == _PANIC:
                code = int(_codec.decode(["uint256"], raw[4:])[0])
                return f"the contract panicked: {_PANICS.get(code, hex(code))}"
        except DecodingError:
            return f"the contract reverted with bytes that cannot be read: 0x{raw.hex()[:72]}"
        return f"the contract reverted with error 0x{raw[:4].hex()}"
    return message.removeprefix("execution reverted:").strip() or "the contract gave no reason"


@functools.lru_cache(maxsize=4096)  # a hash each, and the same few addresses come again and again
def checksum(address: str) -> str:
    """Return the address in EIP-55 form. Raises `ValueError` for anything else."""
    return str(to_checksum_address(address))


def _bare_type(declared: str) -> str:
    # "(uint256 id,bytes32 sid)[] sessions" -> "(uint256,bytes32)[]"; a mapping's key has no name: "uint256 "
    return re.sub(r"\s+\w*", "", declared)


def _flat_fields(outputs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return name and type of the fields of `(uint256 id,string[] names)`; none for any other output."""
    found = re.fullmatch(r"\(([^()]*)\)", outputs[0]) if len(outputs) == 1 else None
    if found is None:
        return ()
    declared = [one.split() for one in found[1].split(",")]
    return tuple((one[-1], one[0]) for one in declared)


def _function(signature: str, entry: Mapping[str, Any]) -> Function:
    return Function(
        name=signature.partition("(")[0],
        selector=bytes.fromhex(entry["selector"][2:]),
        inputs=tuple(_bare_type(declared) for declared in entry["inputs"]),
        outputs=tuple(_bare_type(declared) for declared in entry["outputs"]),
        input_names=tuple(declared.rpartition(" ")[2] for declared in entry["inputs"]),
        output_fields=_flat_fields(entry["outputs"]),
    )


def _event(signature: str, entry: Mapping[str, Any]) -> Event:
    declared = entry["inputs"]
    return Event(
        name=signature.partition("(")[0],
        topic0=entry["topic0"],
        names=tuple(one.split()[-1] for one in declared),
        types=tuple(_bare_type(one) for one in declared),
        indexed=tuple(" indexed " in one for one in declared),
    )
