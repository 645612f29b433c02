"""How many tasks the coins still pay for: from this node's own tasks, or not known."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.journal.attempts import SignedAttempt
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.transaction_rows import SavedCall, SignedTransaction
from cortensor_tui.node.gas_outlook import REREAD_S, GasWatch, outlook
from tests.support.clock import StandingClock

NODE = "0x" + "22" * 20
BUDGET_WEI = 10**18
GWEI = 10**9
SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
STEPS = (TransactionKind.ACK, TransactionKind.PRECOMMIT, TransactionKind.COMMIT)


def test_it_is_unknown_until_there_is_a_task_to_go_by() -> None:
    told = outlook(10**18, GWEI, [], BUDGET_WEI, BUDGET_WEI)
    assert (told.task_gas, told.tasks_left, told.counted_tasks) == (None, None, 0)
    assert told.price_wei == str(GWEI)


def test_it_is_the_balance_over_the_average_task_at_the_price_now() -> None:
    told = outlook(10**18, GWEI, [300_000, 500_000], BUDGET_WEI, BUDGET_WEI)
    assert (told.task_gas, told.counted_tasks) == (400_000, 2)
    assert told.tasks_left == 10**18 // (400_000 * GWEI) == 2_500


def test_gas_that_costs_nothing_makes_no_number_of_tasks() -> None:
    told = outlook(10**18, 0, [400_000], BUDGET_WEI, BUDGET_WEI)
    assert (told.price_wei, told.tasks_left) == ("0", None)


@given(
    balance_wei=st.none() | st.integers(0, 10**24),
    price_wei=st.none() | st.integers(0, 10**12),
    task_gas=st.lists(st.integers(21_000, 10**7), max_size=20),
)
def test_the_tasks_told_can_be_paid_for_and_one_more_cannot(
    balance_wei: int | None, price_wei: int | None, task_gas: list[int]
) -> None:
    told = outlook(balance_wei, price_wei, task_gas, BUDGET_WEI, 0)
    if told.tasks_left is None:
        assert balance_wei is None or not price_wei or not task_gas
        return
    assert balance_wei is not None
    assert price_wei is not None
    assert told.task_gas is not None
    cost_wei = told.task_gas * price_wei
    assert told.tasks_left * cost_wei <= balance_wei < (told.tasks_left + 1) * cost_wei


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE)


def send(journal: Journal, kind: TransactionKind, task_id: int, nonce: int, now: float) -> int:
    """Save a transaction of a task that may cost up to 100,000 gas at a gwei; return its id."""
    signed = SignedTransaction(
        kind=kind,
        sender=NODE,
        nonce=nonce,
        attempt=SignedAttempt(hash=f"0x{nonce}", raw=b"signed", max_fee_wei=GWEI, priority_fee_wei=0),
        saved_call=SavedCall(target=NODE, data="0x", gas_limit=100_000),
        task_key=TaskKey(0, task_id),
    )
    return journal.transactions.save_signed(signed, now).transaction_id


def mine(
    journal: Journal,
    transaction_id: int,
    gas: int,
    now: float,
    state: TransactionState = TransactionState.MINED,
) -> None:
    one = journal.transactions.get(transaction_id)
    journal.transactions.update(
        msgspec.structs.replace(
            one, state=state, gas_used=gas, fee_wei=str(gas * GWEI), mined_at=now, block_number=1
        )
    )


def answer(journal: Journal, task_id: int, gas: int, now: float) -> None:
    """Have a task acked, precommitted and committed for so much gas each."""
    for step, kind in enumerate(STEPS):
        nonce = 10 * task_id + step
        mine(journal, send(journal, kind, task_id, nonce, now), gas, now)


def test_the_journal_tells_what_whole_tasks_took_with_what_was_reverted(journal: Journal) -> None:
    answer(journal, 1, 100_000, now=1.0)
    answer(journal, 2, 50_000, now=2.0)
    reverted = send(journal, TransactionKind.PRECOMMIT, 2, 29, now=2.0)
    mine(journal, reverted, 30_000, 2.0, TransactionState.REVERTED)
    mine(journal, send(journal, TransactionKind.ACK, 3, 30, now=3.0), 100_000, 3.0)  # under way
    assert sorted(journal.transactions.recent_task_gas(NODE, 20)) == [180_000, 300_000]
    assert journal.transactions.recent_task_gas(NODE, 1) == [180_000], "the newest"
    assert journal.transactions.recent_task_gas("0x" + "33" * 20, 20) == []


def test_the_day_s_budget_counts_what_is_in_flight_and_forgets_yesterday(journal: Journal) -> None:
    clock = StandingClock()
    watch = GasWatch(NODE, BUDGET_WEI, journal.transactions, clock)
    answer(journal, 1, 100_000, clock.now())
    in_flight_wei, spent_wei = 100_000 * GWEI, 300_000 * GWEI
    send(journal, TransactionKind.ACK, 2, 20, clock.now())
    told = watch.outlook(None, None)
    assert told.day_left_wei == str(BUDGET_WEI - spent_wei - in_flight_wei)
    assert (told.task_gas, told.tasks_left) == (300_000, None)
    clock.pass_s(86_401)
    assert watch.outlook(None, None).day_left_wei == str(BUDGET_WEI - in_flight_wei)


def test_the_journal_is_read_again_when_a_transaction_changed_or_after_a_while(journal: Journal) -> None:
    clock = StandingClock()
    watch = GasWatch(NODE, BUDGET_WEI, journal.transactions, clock)
    assert watch.outlook(10**18, GWEI).tasks_left is None
    answer(journal, 1, 100_000, clock.now())
    clock.pass_s(1.0)
    assert watch.outlook(10**18, GWEI).tasks_left is None, "nobody said that anything changed"
    watch.changed()
    assert watch.outlook(10**18, GWEI).tasks_left == 3_333
    answer(journal, 2, 200_000, clock.now())
    clock.pass_s(REREAD_S + 1)
    assert watch.outlook(10**18, GWEI).tasks_left == 2_222
