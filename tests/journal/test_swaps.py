"""A swap is written down before it is begun, and its halves with the bytes that make them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.journal.attempts import SignedAttempt
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.swaps import SavedSwap
from cortensor_tui.journal.transaction_rows import SignedTransaction
from tests.journal.test_journal import NODE, SCOPE

OWNER, OTHER = "0x" + "33" * 20, "0x" + "44" * 20
PROBLEM = Problem(code="swap_half_way", what="It has lost one node", why="no coin", remedy="Bind it")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def opened(path: Path) -> Journal:
    return Journal(Database.open(path), SCOPE)


def saved(journal: Journal, session_id: int = 3, owner: str = OWNER, goes: str = NODE) -> SavedSwap:
    return journal.swaps.save(owner, session_id, goes, OTHER, WhenBusy.WAIT, 5.0)


def half(kind: TransactionKind, swap_id: int, nonce: int) -> SignedTransaction:
    return SignedTransaction(
        kind=kind,
        sender=OWNER,
        nonce=nonce,
        attempt=SignedAttempt(hash=f"0x{nonce:064x}", raw=b"signed"),
        session_id=3,
        swap_id=swap_id,
    )


def test_a_swap_is_found_again_with_what_was_signed_for_it(path: Path) -> None:
    journal = opened(path)
    asked = saved(journal)
    assert opened(path).swaps.of_owner(OWNER) == [asked]
    unbind = journal.transactions.save_signed(half(TransactionKind.UNBIND, asked.swap_id, 0), 6.0)
    bind = journal.transactions.save_signed(half(TransactionKind.BIND, asked.swap_id, 1), 7.0)
    journal.swaps.stand_half_way(asked.swap_id, PROBLEM)
    [found] = opened(path).swaps.of_owner(OWNER)
    assert (found.unbind_id, found.bind_id) == (unbind.transaction_id, bind.transaction_id)
    assert (found.asked_at, found.when_busy, found.problem) == (5.0, WhenBusy.WAIT, PROBLEM)
    journal.swaps.strike(asked.swap_id)
    assert opened(path).swaps.of_owner(OWNER) == []


def test_another_owner_and_another_chain_know_nothing_of_it(path: Path) -> None:
    journal = opened(path)
    mine, theirs = saved(journal), saved(journal, owner=OTHER)
    elsewhere = Journal(Database.open(path), msgspec.structs.replace(SCOPE, genesis_hash="0x" + "bb" * 32))
    assert elsewhere.swaps.of_owner(OWNER) == []
    assert (journal.swaps.of_owner(OWNER), journal.swaps.of_owner(OTHER)) == ([mine], [theirs])


def test_a_new_swap_of_a_session_takes_the_place_of_the_one_before(path: Path) -> None:
    journal = opened(path)
    journal.swaps.stand_half_way(saved(journal).swap_id, PROBLEM)
    other = saved(journal, session_id=4)
    again = saved(journal, goes=OWNER)
    assert journal.swaps.of_owner(OWNER) == [other, again]
    assert (again.unbind_address, again.problem) == (OWNER, None)


def test_nothing_is_signed_for_a_swap_that_was_given_up(path: Path) -> None:
    journal = opened(path)
    asked = saved(journal)
    journal.swaps.strike(asked.swap_id)
    with pytest.raises(RuntimeError, match="does not have"):
        journal.transactions.save_signed(half(TransactionKind.UNBIND, asked.swap_id, 0), 6.0)
    assert journal.transactions.recent(10) == []


def test_a_swap_that_is_struck_is_gone_and_its_number_is_not_given_again(path: Path) -> None:
    journal = opened(path)
    asked = saved(journal)
    journal.swaps.strike(asked.swap_id)
    with pytest.raises(ProblemError) as told:
        journal.swaps.get(asked.swap_id)
    assert told.value.problem.code == "no_swap"
    assert saved(opened(path)).swap_id > asked.swap_id
