"""Commitments as JSON: they come back as they were, and an import only ever makes a journal stricter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.journal.commitments import Commitment, record_commitment
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.interchange import export_commitments, import_commitments, read_document
from cortensor_tui.journal.scope import ChainScope

NODE = to_checksum_address("0x" + "ab" * 20)
QUEUES = [to_checksum_address("0x" + pair * 20) for pair in ("11", "cd")]
HASHES = ["0x" + pair * 32 for pair in ("aa", "bb", "cc")]

scopes = st.builds(
    ChainScope,
    chain_id=st.sampled_from([1, 31337]),
    genesis_hash=st.sampled_from(HASHES[:2]),
    queue_address=st.sampled_from(QUEUES),
)
commitments = st.builds(
    Commitment,
    scope=scopes,
    key=st.builds(TaskKey, st.integers(0, 2), st.integers(0, 2)),
    node=st.just(NODE),
    stage=st.sampled_from(["precommit", "commit"]),
    payload_hash=st.sampled_from(HASHES),
)


@contextmanager
def empty_journal() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder) / "journal.sqlite")
        try:
            yield database
        finally:
            database.close()


def may_sign(database: Database, commitment: Commitment) -> bool:
    """Try it and take it back."""
    try:
        with database.step("trial") as connection:
            record_commitment(connection, commitment, 2.0)
            raise InterruptedError
    except InterruptedError:
        return True
    except ProblemError as error:
        if error.problem.code != "two_answers":
            raise
        return False


def sign_all(database: Database, asked: list[Commitment]) -> None:
    for commitment in asked:
        if may_sign(database, commitment):
            with database.step("signed") as connection:
                record_commitment(connection, commitment, 1.0)


@settings(deadline=None, max_examples=60)
@given(signed=st.lists(commitments, max_size=20), asked=st.lists(commitments, min_size=1, max_size=20))
def test_an_empty_journal_refuses_after_an_import_what_the_first_one_refuses(
    signed: list[Commitment], asked: list[Commitment]
) -> None:
    with empty_journal() as first, empty_journal() as second:
        sign_all(first, signed)
        document = msgspec.json.encode(export_commitments(first.connection))

        import_commitments(second, read_document(document), NODE)

        assert [may_sign(first, one) for one in asked] == [may_sign(second, one) for one in asked]
        assert msgspec.json.encode(export_commitments(second.connection)) == document


@settings(deadline=None, max_examples=60)
@given(
    here=st.lists(commitments, max_size=15),
    there=st.lists(commitments, max_size=15),
    asked=st.lists(commitments, min_size=1, max_size=15),
)
def test_an_import_never_makes_signable_what_was_refused(
    here: list[Commitment], there: list[Commitment], asked: list[Commitment]
) -> None:
    with empty_journal() as journal, empty_journal() as other:
        sign_all(journal, here)
        sign_all(other, there)
        before = msgspec.json.encode(export_commitments(journal.connection))
        refused = [one for one in asked if not may_sign(journal, one)]
        try:
            import_commitments(
                journal, read_document(msgspec.json.encode(export_commitments(other.connection))), NODE
            )
        except ProblemError as error:
            if error.problem.code != "commitments_conflict":
                raise
            assert msgspec.json.encode(export_commitments(journal.connection)) == before
        assert not any(may_sign(journal, one) for one in refused)


def document(**changes: Any) -> dict[str, Any]:
    entry = {
        "node": NODE,
        "session": 1,
        "task": 2,
        "stage": "commit",
        "payload_hash": HASHES[0],
        "first_signed_at": 1.5,
    }
    chain = {"chain_id": 1, "genesis_hash": HASHES[1], "contract": QUEUES[0]}
    found = {
        "metadata": {"interchange_format": "cortensor-commitments", "interchange_format_version": 1},
        "data": [{**chain, "commitments": [entry]}],
    }
    for name, value in changes.items():
        *folders, last = name.split("__")
        place: Any = found
        for folder in folders:
            place = place[int(folder[1:]) if folder[0] == "i" and folder[1:].isdigit() else folder]
        place[last] = value
    return found


def refusal(raw: bytes, database: Database | None = None) -> ProblemError:
    def attempt() -> None:
        found = read_document(raw)
        if database is not None:
            import_commitments(database, found, NODE)

    with pytest.raises(ProblemError) as caught:
        attempt()
    return caught.value


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe", "JSON is malformed"),
        (b"[" * 100_000, ""),
        (b'{"metadata": {"interchange_format": "\x1b[2J", "interchange_format_version": 1}}', ""),
    ],
)
def test_what_is_no_document_is_a_sentence(raw: bytes, says: str) -> None:
    problem = refusal(raw).problem

    assert problem.code == "bad_commitments"
    assert says in problem.why
    assert "\x1b" not in problem.sentence()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"metadata__interchange_format": "eth\u202e"}, "not 'cortensor-commitments'"),
        ({"metadata__interchange_format_version": 2}, "is of version 2, this program reads 1"),
        ({"data__i0__commitments__i0__payload_hash": "0x12"}, "$.data[0].commitments[0].payload_hash"),
        ({"data__i0__commitments__i0__stage": "ack"}, "$.data[0].commitments[0].stage"),
        ({"data__i0__commitments__i0__session": -1}, "$.data[0].commitments[0].session"),
        ({"data__i0__commitments__i0__session": 2**70}, "$.data[0].commitments[0].session"),
        ({"data__i0__commitments__i0__first_signed_at": "x"}, "$.data[0].commitments[0].first_signed_at"),
        ({"data__i0__commitments__i0__more\u202e": 1}, "$.data[0].commitments[0]"),
        ({"data__i0__contract": "0xzz"}, "$.data[0].contract"),
        ({"data__i0__genesis_hash": None}, "$.data[0].genesis_hash"),
    ],
)
def test_a_bad_entry_is_named_by_its_place(changes: dict[str, Any], says: str) -> None:
    problem = refusal(msgspec.json.encode(document(**changes))).problem

    assert problem.code == "bad_commitments"
    assert says in problem.why
    assert "\u202e" not in problem.why


def test_addresses_and_hashes_in_any_case_mean_the_same() -> None:
    small = {"data__i0__contract": QUEUES[1].lower(), "data__i0__commitments__i0__node": NODE.lower()}
    big_hash = "0x" + "AA" * 32
    with empty_journal() as journal:
        found = read_document(
            msgspec.json.encode(document(**small, data__i0__commitments__i0__payload_hash=big_hash))
        )
        assert import_commitments(journal, found, NODE).added == 1

        scope = ChainScope(chain_id=1, genesis_hash=HASHES[1], queue_address=QUEUES[1])
        other = Commitment(scope=scope, key=TaskKey(1, 2), node=NODE, stage="commit", payload_hash=HASHES[2])
        assert not may_sign(journal, other)
        assert may_sign(journal, msgspec.structs.replace(other, payload_hash=HASHES[0]))


def test_a_conflict_names_both_hashes_and_changes_nothing() -> None:
    with empty_journal() as journal:
        import_commitments(journal, read_document(msgspec.json.encode(document())), NODE)
        before = export_commitments(journal.connection)
        good = document()["data"][0]["commitments"][0] | {"task": 9}
        bad = document()["data"][0]["commitments"][0] | {"payload_hash": HASHES[2]}
        raw = msgspec.json.encode(document(data__i0__commitments=[good, bad]))

        problem = refusal(raw, journal).problem

        assert problem.code == "commitments_conflict"
        assert "session 1, task 2, commit" in problem.what
        assert HASHES[0] in problem.why
        assert HASHES[2] in problem.why
        assert export_commitments(journal.connection) == before


def test_another_node_s_commitments_are_not_taken() -> None:
    raw = msgspec.json.encode(document(data__i0__commitments__i0__node="0x" + "77" * 20))
    with empty_journal() as journal:
        assert "is of the node 0x" + "77" * 20 in refusal(raw, journal).problem.why
        assert export_commitments(journal.connection).data == ()


def test_a_file_that_contradicts_itself_names_both_of_its_entries_and_no_journal() -> None:
    entry = document()["data"][0]["commitments"][0]
    other = entry | {"payload_hash": HASHES[2], "node": NODE.lower()}
    [chain] = document()["data"]
    split = [chain, chain | {"contract": QUEUES[0].lower(), "commitments": [entry | {"task": 9}, other]}]
    with empty_journal() as journal:
        problem = refusal(msgspec.json.encode(document(data=split)), journal).problem

        assert problem.code == "commitments_conflict"
        assert f"$.data[0].commitments[0] has {HASHES[0]}" in problem.why
        assert f"$.data[1].commitments[1] has {HASHES[2]}" in problem.why
        assert "journal" not in problem.what + problem.why
        assert export_commitments(journal.connection).data == ()


def test_the_same_entry_twice_is_no_contradiction() -> None:
    entry = document()["data"][0]["commitments"][0]
    twice = document(
        data__i0__commitments=[entry, entry | {"payload_hash": HASHES[0].upper().replace("X", "x")}]
    )
    with empty_journal() as journal:
        imported = import_commitments(journal, read_document(msgspec.json.encode(twice)), NODE)
        assert (imported.added, imported.known) == (1, 1)
