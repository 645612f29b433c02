"""What an external wallet gives back: decoded, compared with what was expected, and refused in words."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.abi import encode_call, load_interface
from cortensor_tui.chain.contracts.call_text import KnownContract
from cortensor_tui.chain.signing.external import AcceptedCall, Expected, decode_signed, require_expected
from cortensor_tui.domain.problems import Problem, ProblemError

KEY, OTHER = "0x" + "4c" * 32, "0x" + "5d" * 32
OWNER = Account.from_key(KEY).address
CONTRACT, NODE = "0x" + "11" * 20, "0x" + "22" * 20
session_v2 = load_interface("SessionV2")
BIND = encode_call(session_v2.functions["addDedicatedNode"], 3, NODE)
UPDATE_OWNER = encode_call(session_v2.functions["updateOwner"], 3, NODE)
EXPECTED = Expected(
    owner=OWNER,
    chain_id=31337,
    contract=KnownContract(title="SessionV2", address=CONTRACT, interface=session_v2),
    functions=(session_v2.functions["addDedicatedNode"], session_v2.functions["removeDedicatedNode"]),
)


def signed(key: str = KEY, **changes: Any) -> str:
    fields = {
        "type": 2,
        "chainId": 31337,
        "nonce": 4,
        "to": CONTRACT,
        "data": BIND,
        "value": 0,
        "gas": 100_000,
        "maxFeePerGas": 5,
        "maxPriorityFeePerGas": 1,
        **changes,
    }
    fields = {name: value for name, value in fields.items() if value is not None}
    return "0x" + bytes(Account.sign_transaction(fields, key).raw_transaction).hex()


def refusal(raw: str) -> Problem:
    def attempt() -> AcceptedCall:
        return require_expected(decode_signed(raw), EXPECTED)

    with pytest.raises(ProblemError) as caught:
        attempt()
    return caught.value.problem


def test_what_was_expected_is_taken_with_all_that_is_to_be_journaled() -> None:
    raw = signed()

    call = require_expected(decode_signed(raw + "\n"), EXPECTED)

    assert call.text == f"SessionV2.addDedicatedNode(3, {NODE})"
    assert (call.function, call.arguments) == ("addDedicatedNode", (3, NODE))
    assert (call.signed.sender, call.signed.nonce, call.signed.fee_wei) == (OWNER, 4, 500_000)
    assert call.signed.raw == bytes.fromhex(raw[2:])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"chainId": 1}, "for chain 1, this node works on 31337"),
        ({"to": NODE}, "does not go to SessionV2"),
        ({"value": 7}, "would send 7 wei"),
        ({"key": OTHER}, "is signed by 0x"),
        ({"data": UPDATE_OWNER}, "calls neither addDedicatedNode nor removeDedicatedNode"),
        ({"data": "0x"}, "calls neither"),
        ({"to": None}, "does not go to SessionV2"),
    ],
)
def test_anything_else_is_refused_with_the_decoded_call(changes: dict[str, Any], why: str) -> None:
    problem = refusal(signed(**changes))

    assert problem.code == "signed_refused"
    assert why in problem.why
    assert problem.what.startswith("Refused to send what was signed: ")


def test_the_refused_call_is_named() -> None:
    assert "SessionV2.updateOwner(3, " in refusal(signed(data=UPDATE_OWNER)).what


@pytest.mark.parametrize(
    "raw", ["", "0x", "0xzz", "hello", "0x02", "0x02c0", "0x01c0", "0xf8", "02" * 70_000]
)
def test_what_is_no_signed_transaction_is_a_sentence(raw: str) -> None:
    assert refusal(raw).code == "bad_signed"


@given(raw=st.binary(max_size=200), cut=st.integers(0, 200), flip=st.integers(0, 255))
def test_no_bytes_are_taken_for_the_owner_s_but_the_owner_s(raw: bytes, cut: int, flip: int) -> None:
    whole = bytearray(bytes.fromhex(signed()[2:]))
    changed = whole[:cut] + bytes([whole[cut % len(whole)] ^ flip]) + whole[cut + 1 :]
    for tried in (raw, b"\x02" + raw, bytes(changed)):
        if tried != bytes(whole):
            assert refusal("0x" + tried.hex()).code in ("bad_signed", "signed_refused")
