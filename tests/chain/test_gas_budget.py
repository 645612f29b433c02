"""The day's gas: counted from the journal, refused beyond the limit, and free again as the day moves on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.signing.gas_budget import DAY_S, GasBudget
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.journal.attempts import SignedAttempt
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.transaction_rows import SavedCall, SignedTransaction
from cortensor_tui.journal.transactions import TransactionLog
from tests.support.clock import StandingClock

SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
NODE, OTHER = "0x" + "22" * 20, "0x" + "33" * 20
LIMIT = 1_000


@pytest.fixture
def log(tmp_path: Path) -> TransactionLog:
    return Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE).transactions


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


def sign(log: TransactionLog, clock: StandingClock, nonce: int, gas: int, sender: str = NODE) -> int:
    """Save a transaction that may cost `gas` wei, and return its id."""
    signed = SignedTransaction(
        kind=TransactionKind.ACK,
        sender=sender,
        nonce=nonce,
        attempt=SignedAttempt(hash=f"0x{sender}{nonce}", raw=b"x", max_fee_wei=1, priority_fee_wei=0),
        saved_call=SavedCall(target=NODE, data="0x", gas_limit=gas),
    )
    return log.save_signed(signed, clock.now()).transaction_id


def mine(log: TransactionLog, clock: StandingClock, transaction_id: int, fee_wei: int) -> None:
    mined = msgspec.structs.replace(
        log.get(transaction_id),
        state=TransactionState.MINED,
        mined_at=clock.now(),
        fee_wei=str(fee_wei),
        gas_used=1,
        block_number=1,
    )
    log.update(mined)


def refused(budget: GasBudget, nonce: int, cost_wei: int) -> str:
    with pytest.raises(ProblemError) as caught:
        budget.require(nonce, cost_wei)
    assert caught.value.problem.code == "gas_budget"
    return caught.value.problem.sentence()


def test_what_is_in_flight_counts_at_its_highest_and_what_is_mined_at_its_fee(
    log: TransactionLog, clock: StandingClock
) -> None:
    budget = GasBudget(NODE, LIMIT, log, clock)
    budget.require(0, LIMIT)
    first = sign(log, clock, 0, LIMIT)
    assert budget.problem is None, "nothing was refused yet"

    refused(budget, 1, 1)
    mine(log, clock, first, 400)

    assert budget.problem is None
    budget.require(1, 600)
    refused(budget, 1, 601)


def test_it_resumes_alone_as_the_day_moves_on_even_after_a_restart(
    log: TransactionLog, clock: StandingClock
) -> None:
    mine(log, clock, sign(log, clock, 0, 900), 900)
    clock.pass_s(DAY_S - 1)
    budget = GasBudget(NODE, LIMIT, log, clock)
    told = refused(budget, 1, 200)
    assert "CORTENSOR_TUI_DAILY_GAS_BUDGET_ETH" in told
    assert "from " in told
    assert budget.problem is not None

    clock.pass_s(2)

    assert budget.problem is None
    budget.require(1, 200)


def test_a_replacement_in_flight_is_never_held_up_and_counts_once(
    log: TransactionLog, clock: StandingClock
) -> None:
    budget = GasBudget(NODE, LIMIT, log, clock)
    transaction_id = sign(log, clock, 0, LIMIT)
    budget.require(0, 2 * LIMIT)
    dearer = SignedAttempt(hash="0xagain", raw=b"y", max_fee_wei=2, priority_fee_wei=0)
    log.save_attempt(log.get(transaction_id), dearer, clock.now())

    assert log.in_flight_wei(NODE) == 2 * LIMIT
    refused(budget, 1, 0)


def test_each_key_has_its_own(log: TransactionLog, clock: StandingClock) -> None:
    sign(log, clock, 0, LIMIT, sender=OTHER)

    GasBudget(NODE, LIMIT, log, clock).require(0, LIMIT)
