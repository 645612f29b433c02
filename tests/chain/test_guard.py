"""The guard: what a role's key may sign, and that nothing else gets a signature."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.abi import encode_call, load_interface
from cortensor_tui.chain.contracts.call_text import KnownContract, call_text
from cortensor_tui.chain.signing.guard import (
    MINER_CALLS,
    OWNER_CALLS,
    GuardedSigner,
    Limits,
    allowances,
    check_limits,
)
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.domain.problems import Problem, ProblemError

KEY = "0x" + "4c" * 32
CHAIN = 31337
SESSIONS, QUEUE = "0x" + "11" * 20, "0x" + "22" * 20
MAX_FEE = 10**11
ADDRESS = Signer(KEY, CHAIN).address
session_v2, queue_v2 = load_interface("SessionV2"), load_interface("SessionQueueV2")
CONTRACTS = (
    KnownContract(title="SessionV2", address=SESSIONS, interface=session_v2),
    KnownContract(title="SessionQueueV2", address=QUEUE, interface=queue_v2),
)
MINER = allowances(QUEUE, queue_v2, MINER_CALLS)
OWNER = allowances(SESSIONS, session_v2, OWNER_CALLS)

ACK = encode_call(queue_v2.functions["ack"], 1, 2)
PRECOMMIT = encode_call(queue_v2.functions["precommit"], 1, 2, b"\x07" * 32, "")
COMMIT = encode_call(queue_v2.functions["commit"], 1, 2, "an answer")
BIND = encode_call(session_v2.functions["addDedicatedNode"], 3, ADDRESS)
DEACTIVATE = encode_call(session_v2.functions["deactivateSession"], 3)
HAND_OVER = encode_call(session_v2.functions["updateOwner"], 3, ADDRESS)
TRANSFER_CONTRACT = encode_call(session_v2.functions["transferOwnership"], ADDRESS)


class FreeBudget:
    problem: Problem | None = None

    def require(self, nonce: int, cost_wei: int) -> None:
        """Anything goes."""


def limits(allowed: list[Any]) -> Limits:
    return Limits(chain_id=CHAIN, allowed=tuple(allowed), max_fee_wei=MAX_FEE, contracts=CONTRACTS)


def signer(allowed: list[Any]) -> GuardedSigner:
    return GuardedSigner(Signer(KEY, CHAIN), limits(allowed), FreeBudget())  # type: ignore[arg-type]


def fields(**changes: Any) -> dict[str, Any]:
    return {
        "nonce": 0,
        "to": QUEUE,
        "data": ACK,
        "gas": 100_000,
        "maxFeePerGas": MAX_FEE,
        "maxPriorityFeePerGas": 0,
        **changes,
    }


def refusal(allowed: list[Any], **changes: Any) -> Problem:
    with pytest.raises(ProblemError) as caught:
        signer(allowed).sign(fields(**changes))
    assert caught.value.problem.code == "guard_refused"
    return caught.value.problem


@pytest.mark.parametrize("data", [ACK, PRECOMMIT, COMMIT])
def test_the_miner_s_key_answers_tasks(data: str) -> None:
    raw, digest = signer(MINER).sign(fields(data=data))

    assert Account.recover_transaction(raw) == ADDRESS
    assert digest.startswith("0x")


@pytest.mark.parametrize("data", [BIND, DEACTIVATE, HAND_OVER])
def test_the_owner_s_key_keeps_sessions(data: str) -> None:
    assert signer(OWNER).sign(fields(to=SESSIONS, data=data))


def test_both_may_move_nothing_to_themselves_which_fills_a_gap() -> None:
    for allowed in (MINER, OWNER):
        assert signer(allowed).sign(fields(to=ADDRESS, data="0x", gas=21_000))


def test_a_refusal_shows_the_decoded_call_and_the_limit() -> None:
    problem = refusal(MINER, to=SESSIONS, data=BIND)

    assert f"SessionV2.addDedicatedNode(3, {ADDRESS.lower()})" in problem.what
    assert "may not make this call" in problem.why
    assert problem.remedy.startswith("Nothing was signed")


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"value": 1}, "would send 1 wei"),
        ({"chainId": 1}, "is for chain 1"),
        ({"maxFeePerGas": MAX_FEE + 1}, "is above 100000000000"),
        ({"gas": 5_000_001}, "is above 5000000"),
        ({"gas": 0}, "gas limit of 0"),
        ({"to": SESSIONS}, "may not make this call"),
        ({"to": "0x" + "99" * 20}, "may not make this call"),
        ({"to": None}, "may not make this call"),
        ({"data": "0x"}, "may not make this call"),
        ({"data": "0xdeadbeef"}, "may not make this call"),
        ({"to": ADDRESS, "data": ACK}, "may not make this call"),
        ({"to": ADDRESS, "data": "0x", "value": 1}, "would send 1 wei"),
        ({"to": ADDRESS, "data": "0x", "gas": 1_000_001}, "is above 1000000"),
        ({"authorizationList": []}, "no plain transaction"),
        ({"type": 3}, "no plain transaction"),
        ({"accessList": [{"address": QUEUE}]}, "no plain transaction"),
    ],
)
def test_outside_a_limit_there_is_no_signature(changes: dict[str, Any], limit: str) -> None:
    assert limit in refusal(MINER, **changes).why


def test_what_only_a_contract_s_admin_needs_is_not_allowed_to_the_owner() -> None:
    assert "SessionV2.transferOwnership(0x" in refusal(OWNER, to=SESSIONS, data=TRANSFER_CONTRACT).what


def test_an_answer_with_nasty_text_is_shown_short_and_inert() -> None:
    nasty = "\x1b[2J\u202e" + "x" * 10_000
    shown = refusal(OWNER, data=encode_call(queue_v2.functions["commit"], 1, 2, nasty)).what

    assert "SessionQueueV2.commit(1, 2, " in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 400


ALLOWED = {(QUEUE, data[:10]) for data in (ACK, PRECOMMIT, COMMIT)}


@given(
    to=st.sampled_from([QUEUE, SESSIONS, ADDRESS, "0x" + "99" * 20]),
    data=st.sampled_from([ACK, PRECOMMIT, COMMIT, BIND, DEACTIVATE, "0x"])
    | st.binary(max_size=100).map(lambda raw: "0x" + raw.hex()),
    value=st.sampled_from([0, 0, 0, 1, 10**18]),
    gas=st.integers(-1, 40_000_000),
    fee=st.integers(0, 2 * MAX_FEE),
)
def test_whatever_is_asked_only_what_is_allowed_passes(
    to: str, data: str, value: int, gas: int, fee: int
) -> None:
    asked = fields(to=to, data=data, value=value, gas=gas, maxFeePerGas=fee)
    try:
        check_limits(ADDRESS, limits(MINER), asked)
    except ProblemError:
        return
    assert value == 0
    assert 0 < gas <= 32_000_000
    assert fee <= MAX_FEE
    assert (to, data[:10]) in ALLOWED or (to, data) == (ADDRESS, "0x")


@pytest.mark.parametrize(
    ("to", "data", "shown"),
    [
        (None, "0x6080", "making a contract from 2 bytes of code"),
        (QUEUE, "0x", f"a plain transfer to {QUEUE}"),
        (QUEUE, ACK, "SessionQueueV2.ack(1, 2)"),
        ("0x" + "99" * 20, ACK, "SessionQueueV2.ack(1, 2) at 0x" + "99" * 20),
        (QUEUE, "0xdeadbeef00", f"function 0xdeadbeef with 5 bytes at {QUEUE}"),
        (QUEUE, ACK[:40], f"function {ACK[:10]} with 19 bytes at {QUEUE}"),
        (QUEUE, "0xzz", f"function 0xzz with 1 bytes at {QUEUE}"),
    ],
)
def test_any_call_has_words(to: str | None, data: str, shown: str) -> None:
    assert call_text(to, data, CONTRACTS) == shown
