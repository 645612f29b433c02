"""Calls, logs and reverts: what strangers put into them is read without harm."""

from __future__ import annotations

from contextlib import suppress

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.abi import (
    decode_arguments,
    decode_log,
    decode_output,
    encode_call,
    load_interface,
    revert_sentence,
)
from cortensor_tui.chain.contracts.decoding import LARGEST_NUMBER, decoration_from_tuple
from cortensor_tui.domain.problems import ProblemError

QUEUE = load_interface("SessionQueueV2")
SESSIONS = load_interface("SessionV2")
numbers = st.integers(0, 2**256 - 1)


@given(numbers, numbers, st.text())
def test_a_call_is_read_as_it_was_written(session_id: int, task_id: int, data: str) -> None:
    commit = QUEUE.functions["commit"]
    written = encode_call(commit, session_id, task_id, data)
    assert decode_arguments(commit, written) == (session_id, task_id, data)
    assert decode_arguments(QUEUE.functions["ack"], written) is None


@pytest.mark.parametrize("arguments", [(-1, 0, "x"), (2**256, 0, "x"), (0, 0, "\ud800")])
def test_an_argument_that_does_not_fit_is_a_sentence(arguments: tuple[int, int, str]) -> None:
    with pytest.raises(ProblemError) as told:
        encode_call(QUEUE.functions["commit"], *arguments)
    assert told.value.problem.code == "bad_argument"


@given(st.binary(max_size=300))
def test_any_answer_is_read_or_refused(answer: bytes) -> None:
    for name in ("getTask", "getTaskResultsAndHashes", "getHash"):
        with suppress(ProblemError):  # any other exception fails the test
            decode_output(QUEUE.functions[name], "0x" + answer.hex())


def test_text_that_is_no_utf8_is_kept_readable() -> None:
    answer = encode(["bytes"], [b"caf\xe9 \xff"])
    assert decode_output(QUEUE.functions["getTaskData"], "0x" + answer.hex()) == ("caf� �",)


def test_a_queued_task_is_decoded() -> None:
    topic = "0x10f95083d68484d4bcc379f2d8862d4d42b707b785c008befa5e3d9bb5bc32ec"
    data = encode(["uint256", "uint256", "uint256", "string"], [1, 2, 3, "hello"]).hex()
    assert decode_log(QUEUE.events[topic], [topic], "0x" + data) == {
        "sessionId": 1,
        "taskId": 2,
        "globalId": 3,
        "taskData": "hello",
    }


def test_an_indexed_value_comes_from_its_topic() -> None:
    topic = "0xc1157d5f821ae0d92b9c48503e9fdebc77f432d123ae197e8cb13f25255a8a14"
    address = "0x" + "22" * 20
    assert decode_log(SESSIONS.events[topic], [topic, "0x" + "00" * 12 + "22" * 20], "0x") == {
        "nodeAddress": address
    }


@pytest.mark.parametrize(
    ("data", "message", "said"),
    [
        ("0x08c379a0" + encode(["string"], ["only the owner"]).hex(), "execution reverted", "only the owner"),
        ({"data": "0x08c379a0" + encode(["string"], ["wrapped"]).hex()}, "", "wrapped"),
        ("Reverted 0x08c379a0" + encode(["string"], ["in words"]).hex(), "VM execution error.", "in words"),
        ("0x4e487b71" + encode(["uint256"], [0x11]).hex(), "", "the contract panicked: arithmetic overflow"),
        ("0x118cdaa7" + "00" * 32, "", "the contract reverted with error 0x118cdaa7"),
        (None, "execution reverted: from the message", "from the message"),
        ("0x", "execution reverted", "execution reverted"),
        (None, "", "the contract gave no reason"),
    ],
)
def test_a_revert_is_told_in_its_own_words(data: object, message: str, said: str) -> None:
    assert revert_sentence(data, message) == said


def test_huge_numbers_of_strangers_do_not_overflow() -> None:
    huge = 2**256 - 1
    decoration = decoration_from_tuple((0, 0, 0, huge, "", huge, huge, huge, huge, huge, huge))
    assert decoration.max_tokens == LARGEST_NUMBER
