"""What was changed in the files or the journal is found, and what is gone is unknown."""

from __future__ import annotations

import pytest

from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.verification import Finding, ProofVerdict
from cortensor_tui.storage.unixfs import file_id
from tests.node.answered import (
    ANSWER,
    OTHER_HASH,
    AnsweringNode,
    findings,
)

pytestmark = pytest.mark.real

FAILS, UNKNOWN = Finding.FAILS, Finding.UNKNOWN


async def test_a_changed_answer_file_refutes(node: AnsweringNode, task: TaskKey) -> None:
    (node.folder / "payloads" / str(file_id(ANSWER.encode()))).write_text("another answer")

    found = await node.verify(task)

    assert found.verdict is ProofVerdict.REFUTED
    assert found.summary.startswith("the answer's file has its content id: the file on disk was changed")
    assert findings(found, FAILS)[:2] == ["answer_file", "answer_hash"]
    assert "result" in findings(found, FAILS)


async def test_a_changed_prompt_file_refutes(node: AnsweringNode, task: TaskKey) -> None:
    record = node.journal.tasks.get(task)
    assert record is not None
    (node.folder / "payloads" / record.prompt_cid).write_bytes(b"another prompt")

    assert findings(await node.verify(task), FAILS) == ["prompt_file"]


async def test_a_file_that_is_gone_proves_nothing_and_refutes_nothing(
    node: AnsweringNode, task: TaskKey
) -> None:
    (node.folder / "payloads" / str(file_id(ANSWER.encode()))).unlink()

    found = await node.verify(task)

    assert (found.verdict, findings(found, FAILS)) == (ProofVerdict.NOT_PROVEN, [])
    assert findings(found, UNKNOWN)[:2] == ["answer_file", "answer_hash"]


@pytest.mark.parametrize(
    ("statement", "failing"),
    [
        (f"UPDATE tasks SET answer_hash = '{OTHER_HASH}'", ["answer_hash", "queue_agrees"]),
        (
            f"UPDATE commitments SET payload_hash = '{OTHER_HASH}'",
            ["precommit_commitment", "commit_commitment"],
        ),
        (
            f"UPDATE transactions SET hash = '{OTHER_HASH}' WHERE kind = 'precommit'",
            ["precommit_transaction"],
        ),
        ("UPDATE transactions SET block_number = block_number + 1 WHERE kind = 'ack'", ["ack_block"]),
        (f"UPDATE transactions SET block_hash = '{OTHER_HASH}' WHERE kind = 'commit'", ["commit_block"]),
        (
            "UPDATE attempts SET raw = x'02c0' WHERE transaction_id ="
            " (SELECT transaction_id FROM transactions WHERE kind = 'commit')",
            ["commit_transaction", "commit_calldata"],
        ),
        (
            "UPDATE attempts SET raw = (SELECT raw FROM attempts JOIN transactions USING (transaction_id)"
            " WHERE kind = 'ack') WHERE transaction_id ="
            " (SELECT transaction_id FROM transactions WHERE kind = 'commit')",
            ["commit_transaction", "commit_calldata"],
        ),
    ],
)
async def test_a_changed_row_refutes(
    node: AnsweringNode, task: TaskKey, statement: str, failing: list[str]
) -> None:
    node.write(statement)

    found = await node.verify(task)

    assert (found.verdict, findings(found, FAILS)) == (ProofVerdict.REFUTED, failing)


async def test_an_answer_put_in_place_of_the_committed_one_refutes(
    node: AnsweringNode, task: TaskKey
) -> None:
    cid = node.store.put(b"another answer")
    digest = answer_hash("another answer")
    node.write("UPDATE tasks SET answer_cid = ?, answer_hash = ?", cid, digest)
    node.write("UPDATE commitments SET payload_hash = ?", digest)

    found = await node.verify(task)

    assert findings(found, FAILS) == ["precommit_calldata", "hash_on_chain", "commit_calldata", "result"]


@pytest.mark.parametrize(
    ("statement", "unknown"),
    [
        ("DELETE FROM commitments", ["precommit_commitment", "commit_commitment"]),
        ("UPDATE tasks SET answer_hash = NULL", ["answer_hash", "queue_agrees"]),
        (
            "DELETE FROM attempts",
            ["ack_transaction", "precommit_transaction", "commit_transaction"],
        ),
        ("UPDATE transactions SET kind = 'no-op' WHERE kind = 'ack'", ["ack_transaction", "block_order"]),
    ],
)
async def test_what_a_journal_does_not_have_is_unknown(
    node: AnsweringNode, task: TaskKey, statement: str, unknown: list[str]
) -> None:
    node.write(statement)

    found = await node.verify(task)

    assert (found.verdict, findings(found, FAILS)) == (ProofVerdict.NOT_PROVEN, [])
    assert findings(found, UNKNOWN) == unknown
