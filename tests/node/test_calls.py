"""The call of a transaction, read from the journal: every argument by its name, in every generation."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.chain.contracts.abi import encode_call, load_interface
from cortensor_tui.chain.contracts.decoded_call import decoded_call
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.history import History, JournaledCall
from cortensor_tui.node.call_messages import MOST_VALUE_CHARS, GetCall
from cortensor_tui.node.calls import read_call
from tests.journal.past import NODE, write_past

ANSWER = "Paris \x1b[31m is it"


def commit(answer: str) -> str:
    function = load_interface("SessionQueueV2").functions["commit"]
    return encode_call(function, 7, 12, answer)


class OneCall(History):
    """A past with one transaction."""

    def __init__(self, target: str | None, data: str | None) -> None:
        self._call = JournaledCall(TransactionKind.COMMIT, 7, target, data)

    def signed_call(self, transaction_id: int) -> JournaledCall | None:
        return self._call if transaction_id == 1 else None


def test_every_argument_has_its_name_its_type_and_its_value() -> None:
    call = read_call(OneCall(NODE, commit(ANSWER)), GetCall(transaction_id=1))
    assert (call.contract, call.function, call.target, call.session_id) == (
        "SessionQueueV2",
        "commit",
        NODE,
        7,
    )
    found = [(one.name, one.kind, one.value) for one in call.arguments]
    assert found == [("sessionId", "uint256", "7"), ("taskId", "uint256", "12"), ("data", "string", ANSWER)]
    assert call.calldata == commit(ANSWER)
    assert call.calldata_bytes == (len(commit(ANSWER)) - 2) // 2


def test_a_long_argument_is_cut_and_says_how_long_it_is() -> None:
    call = read_call(OneCall(NODE, commit("x" * (MOST_VALUE_CHARS + 5))), GetCall(transaction_id=1))
    assert len(call.arguments[2].value) == MOST_VALUE_CHARS
    assert call.arguments[2].chars == MOST_VALUE_CHARS + 5


def test_a_function_that_is_not_known_has_its_calldata_only() -> None:
    call = read_call(OneCall(NODE, "0xdeadbeef00"), GetCall(transaction_id=1))
    assert (call.contract, call.function, call.arguments) == ("", "", ())
    assert call.calldata == "0xdeadbeef00"


@pytest.mark.parametrize(
    ("target", "data", "transaction_id", "code"),
    [(None, None, 1, "call_unknown"), (NODE, "0x", 2, "no_such_transaction")],
)
def test_what_is_not_there_is_told(
    target: str | None, data: str | None, transaction_id: int, code: str
) -> None:
    with pytest.raises(ProblemError) as caught:
        read_call(OneCall(target, data), GetCall(transaction_id=transaction_id))
    assert caught.value.problem.code == code


def test_the_call_is_that_of_the_chain_and_the_id(tmp_path: Path) -> None:
    journal = write_past(tmp_path / "journal.sqlite", sessions=2, tasks=2, transactions=6)
    history = History(journal.path, journal.chain)
    found = history.signed_call(2)
    assert found is not None
    assert (found.kind, found.session_id, found.target) == (TransactionKind.PRECOMMIT, 0, NODE)
    assert found.data is not None
    assert History(journal.path, journal.chain + 1).signed_call(2) is None


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("contract", ["SessionV2", "SessionQueueV2"])
def test_every_function_of_every_generation_has_a_name_for_each_argument(
    contract: str, generation: Generation
) -> None:
    for function in load_interface(contract, generation).functions.values():
        assert len(function.input_names) == len(function.inputs), function.name


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoding(data: bytes) -> None:
    decoded_call("0x" + data.hex())
