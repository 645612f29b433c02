"""The journal: what is written lasts, and nothing is signed twice."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.journal.attempts import SignedAttempt
from cortensor_tui.journal.commitments import Commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope, Cursor, last_chain
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.journal.transaction_rows import SignedTransaction

SCOPE = ChainScope(chain_id=31337, genesis_hash="0x" + "aa" * 32, queue_address="0x" + "11" * 20)
FIRST = TaskKey(0, 0)
NODE = "0x" + "22" * 20
PARAMS = SamplingParams(
    max_tokens=64,
    temperature=0.7,
    top_p=1.0,
    top_k=40,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
)


def record(key: TaskKey = FIRST, stage: Stage = Stage.ASSIGNED, assigned_at: float = 1.0) -> TaskRecord:
    details = TaskDetails(prompt_type=1, prompt_template="", asked=PARAMS)
    return TaskRecord(key=key, stage=stage, prompt_cid="cid", details=details, assigned_at=assigned_at)


def precommit(payload_hash: str, nonce: int, scope: ChainScope = SCOPE) -> SignedTransaction:
    key = TaskKey(0, 0)
    commitment = Commitment(scope=scope, key=key, node=NODE, stage="precommit", payload_hash=payload_hash)
    return SignedTransaction(
        kind=TransactionKind.PRECOMMIT,
        sender=NODE,
        nonce=nonce,
        attempt=SignedAttempt(hash=f"0x{scope.genesis_hash[-4:]}{payload_hash}{nonce}", raw=b"signed"),
        task_key=key,
        commitment=commitment,
    )


def test_a_second_answer_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    database = Database.open(path)
    Journal(database, SCOPE).transactions.save_signed(precommit("0xfirst", 0), now=1.0)
    database.close()

    journal = Journal(Database.open(path), SCOPE)  # a restart changes nothing
    with pytest.raises(ProblemError) as refused:
        journal.transactions.save_signed(precommit("0xsecond", 1), now=2.0)
    assert refused.value.problem.code == "two_answers"
    assert "0xfirst" in str(refused.value)
    assert "0xsecond" in str(refused.value)
    assert [one.nonce for one in journal.transactions.recent(10)] == [0]


def test_the_same_answer_may_be_signed_again(tmp_path: Path) -> None:
    journal = Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE)
    journal.transactions.save_signed(precommit("0xfirst", 0), now=1.0)
    journal.transactions.save_signed(precommit("0xfirst", 1), now=2.0)
    assert [one.nonce for one in journal.transactions.recent(10)] == [1, 0]


def test_a_restarted_devnet_is_another_chain(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "journal.sqlite")
    Journal(database, SCOPE).transactions.save_signed(precommit("0xfirst", 0), now=1.0)
    again = msgspec.structs.replace(SCOPE, genesis_hash="0x" + "bb" * 32)
    other = Journal(database, again)
    other.transactions.save_signed(precommit("0xsecond", 0, again), now=2.0)
    assert other.tasks.unfinished() == []
    assert len(other.transactions.recent(10)) == 1


def test_a_step_that_fails_is_not_written(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "journal.sqlite")
    journal = Journal(database, SCOPE)

    def fail() -> None:
        with database.step("doomed") as connection:
            connection.execute("UPDATE chains SET cursor_block = 7")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        fail()
    assert journal.cursor.read() is None


def test_only_an_unsynced_step_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "journal.sqlite")

    def level() -> int:
        return int(database.connection.execute("PRAGMA synchronous").fetchone()[0])

    full, normal = 2, 1
    with database.step("signed"):
        assert level() == full
    with database.unsynced_step("cursor moved"):
        assert level() == normal
    assert level() == full
    with pytest.raises(RuntimeError), database.unsynced_step("cursor moved"):
        raise RuntimeError
    assert level() == full


def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "journal.sqlite"
    database = Database.open(path)
    Journal(database, SCOPE).tasks.save(record(), "assigned")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_is_no_journal_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(ProblemError) as told:
        Database.open(path)
    assert told.value.problem.code == "journal_unusable"


def test_a_newer_journal_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    database = Database.open(path)
    database.connection.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(ProblemError) as told:
        Database.open(path)
    assert told.value.problem.code == "journal_version"


def test_the_cursor_lasts(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    database = Database.open(path)
    cursor = Cursor(block_number=12, block_hash="0xabc")
    Journal(database, SCOPE).cursor.move(cursor, now=1.0)
    database.close()
    assert Journal(Database.open(path), SCOPE).cursor.read() == cursor


def test_the_chain_read_last_is_known_whatever_was_met_first(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    database = Database.open(path)
    assert last_chain(database, SCOPE.chain_id) is None
    first, again = SCOPE, msgspec.structs.replace(SCOPE, genesis_hash="0x" + "bb" * 32)
    elsewhere = msgspec.structs.replace(SCOPE, chain_id=1)
    for scope, read_at in ((first, 1.0), (again, 2.0), (first, 3.0), (elsewhere, 4.0)):
        Journal(database, scope).cursor.move(Cursor(block_number=12, block_hash="0xabc"), now=read_at)
    known = last_chain(database, SCOPE.chain_id)
    assert known is not None
    assert (known.path, known.chain) == (path, Journal(database, first).chain)
    assert (known.told.genesis_hash, known.told.read_at) == (first.genesis_hash, 3.0)
    assert known.told.block_number == 12


stages = st.sampled_from(list(Stage))
keys = st.builds(TaskKey, st.integers(0, 3), st.integers(0, 5))


@settings(deadline=None)  # every step waits for the disk
@given(st.lists(st.tuples(keys, stages), max_size=30))
def test_the_last_state_of_each_task_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, saved: list[tuple[TaskKey, Stage]]
) -> None:
    database = Database.open(tmp_path_factory.mktemp("journal") / "journal.sqlite")
    tasks = Journal(database, SCOPE).tasks
    for at, (key, stage) in enumerate(saved):
        tasks.save(record(key, stage, float(at)), "saved")
    last = dict(saved)
    assert {one.key: one.stage for one in tasks.recent(100)} == last
    assert {one.key for one in tasks.unfinished()} == {
        key for key, stage in last.items() if not stage.is_final
    }
    database.close()


def test_gas_is_booked_to_its_task_reverted_or_not(tmp_path: Path) -> None:
    transactions = Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE).transactions
    for nonce, state, fee_wei in (
        (0, TransactionState.REVERTED, "7"),
        (1, TransactionState.MINED, str(10**30)),
        (2, TransactionState.SENT, None),
    ):
        saved = transactions.save_signed(precommit("0xfirst", nonce), now=1.0)
        transactions.update(msgspec.structs.replace(saved, state=state, fee_wei=fee_wei))
    assert transactions.gas_fees([FIRST, TaskKey(9, 9)]) == {FIRST: 10**30 + 7}


def test_a_transaction_is_found_by_its_task_until_it_is_rejected(tmp_path: Path) -> None:
    transactions = Journal(Database.open(tmp_path / "journal.sqlite"), SCOPE).transactions
    saved = transactions.save_signed(precommit("0xfirst", 0), now=1.0)
    assert transactions.of_task(TaskKey(0, 0), TransactionKind.PRECOMMIT) == saved
    assert transactions.of_task(TaskKey(0, 0), TransactionKind.COMMIT) is None
    assert transactions.raw(saved.transaction_id) == b"signed"
    transactions.update(msgspec.structs.replace(saved, state=TransactionState.REJECTED))
    assert transactions.of_task(TaskKey(0, 0), TransactionKind.PRECOMMIT) is None
    assert transactions.unfinished(NODE) == []


def test_many_transactions_come_with_their_own_attempts_in_two_queries(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "journal.sqlite")
    transactions = Journal(database, SCOPE).transactions
    for nonce in range(30):
        saved = transactions.save_signed(precommit("0xfirst", nonce), now=1.0)
        for number in range(nonce % 3):
            saved = transactions.save_attempt(
                saved, SignedAttempt(hash=f"{saved.hash}/{number}", raw=b"again"), now=2.0
            )
    queries: list[str] = []
    database.connection.set_trace_callback(queries.append)
    found = transactions.unfinished(NODE)
    assert len(queries) == 2
    assert [one.nonce for one in found] == list(range(30))
    assert [len(one.attempts) for one in found] == [1 + nonce % 3 for nonce in range(30)]
    assert all(one.attempts[-1].hash == one.hash for one in found)
