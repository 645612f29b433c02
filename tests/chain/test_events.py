"""What strangers write into logs stops nothing, and what is others' is told by its bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.backfill import events_per_s
from cortensor_tui.chain.contracts.reader import ContractReader, Contracts
from cortensor_tui.chain.watching.events import LogDecoder
from cortensor_tui.domain.tasks import TaskKey
from tests.chain.forking_chain import NODE, QUEUE, SESSIONS, STRANGER, Block, ForkingChain, queue_log

KEYS = ("address", "topics", "data", "blockNumber", "blockHash", "transactionHash", "logIndex")
VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.sampled_from(["0x", "0xzz", "0x" + "00" * 32]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=5,
)


def decoder() -> LogDecoder:
    contracts = Contracts(session_v2=SESSIONS, session_queue_v2=QUEUE)
    return LogDecoder(ContractReader(ForkingChain(), contracts, 1), NODE)


def in_block(*logs: dict[str, Any]) -> list[dict[str, Any]]:
    return Block(7, 7, list(logs)).logs


@given(st.sampled_from(KEYS), VALUES, st.booleans())
def test_a_log_with_an_odd_field_leaves_the_others(name: str, value: Any, is_missing: bool) -> None:
    odd, good = in_block(
        queue_log("TaskAssigned", 1, 2, [NODE], transaction=1),
        queue_log("TaskAcked", 1, 2, NODE, transaction=2),
    )
    if is_missing:
        del odd[name]
    else:
        odd[name] = value
    names = [event.name for event in decoder().events([odd, good])]
    assert names[-1:] == ["TaskAcked"]


@given(VALUES)
def test_whatever_an_endpoint_tells_for_logs_is_no_event(answer: Any) -> None:
    assert decoder().events(answer) == []


def test_others_tasks_are_passed_over_and_watched_sessions_are_not() -> None:
    watching = decoder()
    logs = in_block(
        queue_log("TaskQueued", 1, 0, 5, "a prompt", transaction=1),
        queue_log("TaskAssigned", 1, 0, [STRANGER], transaction=2),
        queue_log("TaskPrecommitEnded", 1, 0, transaction=3),
    )
    assert watching.events(logs) == []
    assert watching.submitted_in(TaskKey(1, 0)) == "0x" + f"{1:064x}"
    watching.watch([1])
    names = [event.name for event in watching.events(logs)]
    assert names == ["TaskQueued", "TaskAssigned", "TaskPrecommitEnded"]


@pytest.mark.parametrize("length", [0, 10, 63, 64, 100, 130, 190])
def test_a_log_shorter_than_its_event_is_left_out(length: int) -> None:
    watching = decoder()
    watching.watch([1])
    [cut] = in_block(queue_log("TaskAssigned", 1, 0, [NODE], transaction=2))
    cut["data"] = cut["data"][:length]
    assert watching.events([cut]) == []


def test_the_benchmark_finds_what_is_ours() -> None:
    assert events_per_s(2_000) > 0
