"""The filter of transactions."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.filter_words import FilterError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transaction_filter import TransactionFilter, parse_transactions
from cortensor_tui.domain.transactions import TransactionKind, TransactionState


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", TransactionFilter()),
        ("task:7/12", TransactionFilter(task=TaskKey(7, 12))),
        ("task:12 session:7", TransactionFilter(task_id=12, session_id=7)),
        ("0x75aF", TransactionFilter(hash="0x75af")),
        (f"hash:0x{'7a' * 32}", TransactionFilter(hash=f"0x{'7a' * 32}")),
        (
            "session:7 kind:ack,comm",
            TransactionFilter(session_id=7, kinds=(TransactionKind.ACK, TransactionKind.COMMIT)),
        ),
        ("kind:create-session", TransactionFilter(kinds=(TransactionKind.CREATE_SESSION,))),
        ("state:reverted", TransactionFilter(states=(TransactionState.REVERTED,))),
        (
            "PENDING",
            TransactionFilter(
                states=(TransactionState.SIGNED, TransactionState.SENT, TransactionState.UNKNOWN)
            ),
        ),
        (
            "failed",
            TransactionFilter(
                states=(TransactionState.REVERTED, TransactionState.REJECTED, TransactionState.REPLACED)
            ),
        ),
        (
            "state:pending,reverted",
            TransactionFilter(
                states=(
                    TransactionState.SIGNED,
                    TransactionState.SENT,
                    TransactionState.UNKNOWN,
                    TransactionState.REVERTED,
                )
            ),
        ),
        (
            "pending -state:unknown",
            TransactionFilter(states=(TransactionState.SIGNED, TransactionState.SENT)),
        ),
        ("kind:ack,commit -kind:ack", TransactionFilter(kinds=(TransactionKind.COMMIT,))),
        ("session:7 session:7", TransactionFilter(session_id=7)),
    ],
)
def test_what_is_wanted(text: str, wanted: TransactionFilter) -> None:
    assert parse_transactions(text) == wanted
    assert wanted.is_all == (text == "")


@pytest.mark.parametrize(
    ("text", "marked", "sentence"),
    [
        ("paris", "paris", "There is no field paris, at character 1. Write task:7/12"),
        ('"failed"', '"failed"', "This cannot be looked for, at character 1."),
        ("-task:7/1", "-task:7/1", "Task cannot be left out, at character 1. Write task:7/1."),
        ("-state:pending,mined,failed", "-state:pending,mined,failed", "This leaves none, at character 1."),
        ("kind:foo", "foo", "There is no foo here, at character 6. Choose of ack, precommit, "),
        ("kind:ack,", "", "There is no empty word here, at character 10."),
        ("task:x", "x", "X is no task, at character 6. Write task:7/12 or task:12."),
        ("hash:0x12", "0x12", "0x12 is no hash, at character 6. Write its first 4 digits or more"),
        ("-0x7515", "0x7515", "There is no field 0x7515, at character 2."),
        ("0x7515 0x7516", "0x7516", "No transaction is both 0x7515 and 0x7516, at character 8."),
        ("session:x", "x", "X is no session id, at character 9."),
        (
            "pending failed",
            "failed",
            "No transaction is both pending and failed, at character 9. Keep one of them; several of a field"
            " are joined by a comma: state:pending,failed.",
        ),
        ("failed state:sent", "state:sent", "No transaction is both failed and state:sent, at character 8."),
        ("pending -sent", "sent", "There is no field sent, at character 10."),
        ("pending -state:sent mined", "mined", "No transaction is both pending -state:sent and mined, at "),
        (
            "session:7 session:8",
            "session:8",
            "No transaction is both session:7 and session:8, at character 11",
        ),
    ],
)
def test_a_mistake_says_where_it_is_and_what_is_allowed(text: str, marked: str, sentence: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_transactions(text)
    assert text[caught.value.start : caught.value.end] == marked
    assert caught.value.problem.sentence().startswith(sentence)
