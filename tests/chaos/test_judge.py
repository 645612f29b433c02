"""The judge itself: a node that loses a task, answers twice or sends twice is caught; a sound one is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import encode_call, load_interface
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.devnet.accounts import user_accounts
from cortensor_tui.domain.tasks import TaskKey
from tests.chaos.evidence import (
    Evidence,
    FaultSpan,
    MinedTransaction,
    Promise,
    SentTransaction,
    TaskSeen,
)
from tests.chaos.judge import RECOVERY_S, judge
from tests.chaos.payloads import Payload, Step, payload_of

KEY, OTHER = TaskKey(0, 0), TaskKey(1, 0)
ANSWER = "0x" + "aa" * 32
ANOTHER = "0x" + "bb" * 32
BEGAN = 1000.0


def step(kind: str, nonce: int, answer: str = ANSWER, name: str = "", key: TaskKey = KEY) -> Payload:
    return Payload(name or f"0x{kind}{nonce}{key}", nonce, Step(kind, key, "" if kind == "ack" else answer))


WAY = (step("ack", 0), step("precommit", 1), step("commit", 2))


def task(**changes: Any) -> TaskSeen:
    seen = TaskSeen(
        key=KEY,
        phase="awaiting commits",
        open_since=BEGAN,
        open_until=BEGAN + 20.0,
        is_committed=True,
        is_ended=True,
    )
    return msgspec.structs.replace(seen, **changes)


def evidence(**changes: Any) -> Evidence:
    sound = Evidence(
        seed=1,
        faults=(),
        tasks=(task(),),
        sent=tuple(SentTransaction(one, is_accepted=True) for one in WAY),
        signed=WAY,
        mined=tuple(MinedTransaction(one, succeeded=True) for one in WAY),
        promises=(Promise(KEY, "precommit", ANSWER), Promise(KEY, "commit", ANSWER)),
        recoveries_s=(1.5, 0.5),
    )
    return msgspec.structs.replace(sound, **changes)


def span(first_s: float, last_s: float) -> FaultSpan:
    return FaultSpan("a fault", BEGAN + first_s, BEGAN + last_s)


def test_a_sound_run_is_clean() -> None:
    judgement = judge(evidence())
    assert judgement.is_clean
    assert judgement.longest_recovery_s == 1.5


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (span(-50, 5),),
        (span(0, 3), span(2, 9)),
        (span(12, 30),),
        (span(-5, -1), span(11, 20)),
    ],
)
def test_a_task_that_had_time_between_faults_is_lost(faults: tuple[FaultSpan, ...]) -> None:
    judgement = judge(evidence(tasks=(task(is_committed=False, note="it slept"),), faults=faults))
    assert len(judgement.lost) == 1
    assert "it slept" in judgement.lost[0]
    assert not judgement.is_clean


@pytest.mark.parametrize("faults", [(span(0, 10.5),), (span(-3, 4), span(9, 16)), (span(5, 14),)])
def test_a_task_without_that_time_is_late_and_not_lost(faults: tuple[FaultSpan, ...]) -> None:
    judgement = judge(evidence(tasks=(task(is_committed=False),), faults=faults))
    assert (len(judgement.late), judgement.lost) == (1, ())
    assert judgement.is_clean


def test_a_task_that_never_ends_is_lost_whatever_the_faults() -> None:
    assert judge(evidence(tasks=(task(is_committed=False, is_ended=False),), faults=(span(0, 99),))).lost


@pytest.mark.parametrize(
    "changes",
    [
        {"sent": (*evidence().sent, SentTransaction(step("commit", 3, ANOTHER), is_accepted=False))},
        {"signed": (*WAY, step("precommit", 1, ANOTHER, "replacement"))},
        {"promises": (Promise(KEY, "precommit", ANSWER), Promise(KEY, "commit", ANOTHER))},
        {"mined": (*evidence().mined, MinedTransaction(step("commit", 3, ANOTHER), succeeded=False))},
    ],
)
def test_a_second_answer_is_caught_wherever_it_shows(changes: dict[str, Any]) -> None:
    judgement = judge(evidence(**changes))
    assert len(judgement.conflicting) == 1
    assert not judgement.is_clean


def test_two_tasks_may_have_two_answers() -> None:
    other = step("commit", 5, ANOTHER, key=OTHER)
    assert judge(evidence(sent=(*evidence().sent, SentTransaction(other, is_accepted=True)))).is_clean


def test_a_step_mined_twice_is_a_double_send() -> None:
    again = MinedTransaction(step("ack", 3), succeeded=False)
    judgement = judge(evidence(mined=(*evidence().mined, again)))
    assert len(judgement.double_sends) == 1
    assert not judgement.is_clean


def test_a_second_transaction_beside_one_that_may_still_be_mined_is_a_double_send() -> None:
    again = SentTransaction(step("commit", 3), is_accepted=True)
    assert judge(evidence(sent=(*evidence().sent, again))).double_sends
    unmined = evidence().mined[:2]
    assert judge(evidence(sent=(*evidence().sent, again), mined=unmined)).double_sends


def test_a_replacement_and_the_same_bytes_again_are_none() -> None:
    raised = SentTransaction(step("commit", 2, name="0xraised"), is_accepted=True)
    judgement = judge(evidence(sent=(*evidence().sent, raised, evidence().sent[0])))
    assert judgement.double_sends == ()


def test_signing_again_after_a_revert_or_a_lost_nonce_is_none() -> None:
    early = step("ack", 0, name="0xearly")  # mined before the assignment was back
    way = (step("ack", 1), step("precommit", 2), step("commit", 3))
    mined = (
        MinedTransaction(early, succeeded=False),
        *(MinedTransaction(one, succeeded=True) for one in way),
    )
    sent = tuple(SentTransaction(one, is_accepted=True) for one in (early, *way))
    assert judge(evidence(sent=sent, mined=mined, signed=(early, *way))).is_clean
    foreign = MinedTransaction(Payload("0xforeign", 0, None), succeeded=True)
    assert judge(evidence(sent=sent, mined=(foreign, *mined[1:]))).is_clean


def test_a_crash_and_a_slow_recovery_are_not_clean() -> None:
    assert not judge(evidence(crashes=("it ended by itself",))).is_clean
    assert not judge(evidence(recoveries_s=(1.0, RECOVERY_S + 0.1))).is_clean


def test_a_sabotaged_node_is_caught() -> None:
    """Evidence of a real run: the node was changed to let task 0/1 be, and to answer task 1/1 twice."""
    recorded = (Path(__file__).parent / "recorded" / "sabotaged.json").read_bytes()
    judgement = judge(msgspec.json.decode(recorded, type=Evidence))
    assert [line.split(" ended")[0] for line in judgement.lost] == ["task 1/1", "task 0/1"]
    [conflict] = judgement.conflicting
    assert conflict.startswith("task 1/1 has 2 answers")


def test_signed_bytes_are_read_as_what_they_say() -> None:
    queue = load_interface("SessionQueueV2").functions
    answer = "Größe, 色, 🙂"
    digest = keccak(text=answer)
    calls = {
        "ack": encode_call(queue["ack"], 3, 4),
        "precommit": encode_call(queue["precommit"], 3, 4, digest, "{}"),
        "commit": encode_call(queue["commit"], 3, 4, answer),
    }
    signer = Signer(user_accounts()[0].private_key, 31337)
    for nonce, (kind, data) in enumerate(calls.items()):
        fields = {"nonce": nonce, "to": "0x" + "11" * 20, "data": data, "gas": 21_000}
        raw, transaction_hash = signer.sign({**fields, "maxFeePerGas": 2, "maxPriorityFeePerGas": 1})
        expected = "" if kind == "ack" else "0x" + digest.hex()
        assert payload_of(raw) == Payload(transaction_hash, nonce, Step(kind, TaskKey(3, 4), expected))
