"""Transactions that an external wallet signs: written out for it, and checked when they come back."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from cortensor_tui.chain.contracts.abi import Function, checksum, decode_arguments
from cortensor_tui.chain.contracts.call_text import KnownContract, call_text
from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.problems import ProblemError, problem_error

MOST_RAW_BYTES: Final = 128 * 1024
_TYPE_2: Final = 0x02


class SignedElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A type-2 transaction with its signature; `sender` is recovered from it, amounts in wei."""

    sender: str
    chain_id: int
    nonce: int
    to: str | None
    data: str
    value_wei: int
    gas_limit: int
    max_fee_wei: int
    priority_fee_wei: int
    raw: bytes
    hash: str

    @property
    def fee_wei(self) -> int:
        """Return the most it can cost."""
        return self.gas_limit * self.max_fee_wei


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a signed transaction must be: one of these functions of one contract, from one address."""

    owner: str
    chain_id: int
    contract: KnownContract
    functions: tuple[Function, ...]


class AcceptedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A signed transaction that is what was expected; `text` is its decoded call."""

    signed: SignedElsewhere
    function: str
    arguments: tuple[Any, ...]
    text: str


def decode_signed(text: str) -> SignedElsewhere:
    """Return the signed transaction in 0x hex. Raises `ProblemError` "bad_signed" for anything else."""
    try:
        raw = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError as error:
        raise _bad("it is not hex") from error
    if not 0 < len(raw) <= MOST_RAW_BYTES:
        raise _bad("it is empty" if not raw else f"it is bigger than {MOST_RAW_BYTES} bytes")
    if raw[0] != _TYPE_2:
        raise _bad("it is not of type 2 (EIP-1559)")
    try:
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        sender = str(Account.recover_transaction(raw))
        to = bytes(fields["to"])
        return SignedElsewhere(
            sender=checksum(sender),
            chain_id=int(fields["chainId"]),
            nonce=int(fields["nonce"]),
            to=checksum("0x" + to.hex()) if to else None,
            data="0x" + bytes(fields["data"]).hex(),
            value_wei=int(fields["value"]),
            gas_limit=int(fields["gas"]),
            max_fee_wei=int(fields["maxFeePerGas"]),
            priority_fee_wei=int(fields["maxPriorityFeePerGas"]),
            raw=raw,
            hash="0x" + keccak(raw).hex(),
        )
    except Exception as error:  # the libraries raise many kinds for bytes that are none
        raise _bad("its bytes cannot be decoded, or its signature is none") from error


def require_expected(signed: SignedElsewhere, expected: Expected) -> AcceptedCall:
    """Return the call that was signed. Raises `ProblemError` "signed_refused" with the decoded call."""
    shown = call_text(signed.to, signed.data, (expected.contract,))
    why = _difference(signed, expected)
    if why is None:
        for function in expected.functions:
            arguments = decode_arguments(function, signed.data)
            if arguments is not None:
                return AcceptedCall(signed=signed, function=function.name, arguments=arguments, text=shown)
        why = f"it calls neither {' nor '.join(function.name for function in expected.functions)}"
    raise problem_error(
        "signed_refused",
        f"Refused to send what was signed: {shown}",
        why,
        "Nothing was sent. Write it again with: cortensor-tui assign SESSION --unsigned FILE",
    )


def _difference(signed: SignedElsewhere, expected: Expected) -> str | None:
    if signed.chain_id != expected.chain_id:
        return f"it is for chain {signed.chain_id}, this node works on {expected.chain_id}"
    if signed.to is None or signed.to.lower() != expected.contract.address.lower():
        return f"it does not go to {expected.contract.title} at {expected.contract.address}"
    if signed.value_wei != 0:
        return f"it would send {signed.value_wei} wei"
    if signed.sender.lower() != expected.owner.lower():
        return f"it is signed by {inert(signed.sender, 42)}, the owner is {expected.owner}"
    return None


def _bad(why: str) -> ProblemError:
    return problem_error(
        "bad_signed",
        "This is no signed transaction that can be sent",
        why,
        "Give the raw signed transaction of type 2 in 0x hex, or JSON with it as `raw` or `rawTransaction`",
    )
