"""A verification proves what is true, refutes what was changed, and never passes what it cannot see."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.networks.resolve import answer_hash
from cortensor_tui.chain.rpc.client import RpcError
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import Finding, ProofVerdict
from cortensor_tui.storage.unixfs import file_id
from tests.devnet.devnet_on_anvil import BOB, DevnetOnAnvil, before_new, in_every_generation
from tests.devnet.task_steps import answer as answer_as
from tests.journal.test_journal import PARAMS
from tests.node.answered import (
    ANSWER,
    AnsweringNode,
    LyingRpc,
    check_named,
    findings,
)

pytestmark = pytest.mark.real

FAILS, UNKNOWN, HOLDS, NOTED = Finding.FAILS, Finding.UNKNOWN, Finding.HOLDS, Finding.NOTED


@pytest.fixture
async def node(devnet: DevnetOnAnvil, tmp_path: Path) -> AsyncIterator[AnsweringNode]:
    """A node that can answer tasks on a devnet."""
    answering = AnsweringNode(devnet, tmp_path)
    yield answering
    answering.database.close()


@pytest.fixture
async def task(node: AnsweringNode, devnet: DevnetOnAnvil) -> TaskKey:
    """A task that the node has answered."""
    key = TaskKey(*await devnet.assigned_task(node.address))
    await node.answer(key)
    return key


async def test_what_is_true_is_proven(node: AnsweringNode, task: TaskKey) -> None:
    found = await node.verify(task)

    assert (found.verdict, findings(found, FAILS, UNKNOWN)) == (ProofVerdict.PROVEN, [])
    assert findings(found, NOTED) == ["model", "engine"]
    assert len(found.checks) == 27
    commit = check_named(found, "commit_block")
    transaction = node.journal.transactions.of_task(task, TransactionKind.COMMIT)
    assert transaction is not None
    assert commit.place is not None
    assert (commit.place.transaction_hash, commit.place.block_number, commit.place.block_hash) == (
        transaction.hash,
        transaction.block_number,
        transaction.block_hash,
    )
    block = await node.devnet.rpc.call("eth_getBlockByNumber", hex(transaction.block_number or 0), False)
    assert commit.place.block_at == int(block["timestamp"], 16)


@before_new
async def test_older_generations_are_proven_too(node: AnsweringNode, task: TaskKey) -> None:
    found = await node.verify(task)

    assert (found.verdict, findings(found, FAILS, UNKNOWN)) == (ProofVerdict.PROVEN, [])


async def test_it_says_how_final_the_last_block_is(node: AnsweringNode, task: TaskKey) -> None:
    found = await node.verify(task, finality=12)

    assert found.verdict is ProofVerdict.PROVEN, "finality decides nothing"
    assert findings(found, NOTED) == ["model", "engine", "finality"]
    assert "not final yet: at depth 0" in found.summary
    await node.devnet.rpc.call("anvil_mine", hex(12))
    assert findings(await node.verify(task, finality=12), NOTED) == ["model", "engine"]


# --- what made the answer -------------------------------------------------------------------------


async def test_what_made_the_answer_is_told_with_what_is_not_known_of_it(
    node: AnsweringNode, task: TaskKey
) -> None:
    found = await node.verify(task)
    model, engine = check_named(found, "model"), check_named(found, "engine")
    assert (model.found, model.detail) == ("b1" * 32, "a.gguf")
    assert engine.detail == "an engine not known, seed 7"


async def test_other_parameters_than_those_of_the_run_refute(node: AnsweringNode, task: TaskKey) -> None:
    record = node.journal.tasks.get(task)
    assert record is not None
    warmer = msgspec.structs.replace(PARAMS, temperature=1.5)
    details = msgspec.structs.replace(record.details, applied=warmer)
    node.journal.tasks.save(msgspec.structs.replace(record, details=details), "changed")

    found = await node.verify(task)

    assert (found.verdict, findings(found, FAILS)) == (ProofVerdict.REFUTED, ["parameters"])


async def test_an_answer_of_an_older_version_is_proven_without_its_envelope(
    node: AnsweringNode, task: TaskKey
) -> None:
    record = node.journal.tasks.get(task)
    assert record is not None
    node.journal.tasks.save(msgspec.structs.replace(record, envelope=None), "older")

    found = await node.verify(task)

    assert found.verdict is ProofVerdict.PROVEN
    assert check_named(found, "envelope").detail == "not kept by the version that answered"


# --- the disk -------------------------------------------------------------------------------------


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


# --- the journal ----------------------------------------------------------------------------------

OTHER_HASH = "0x" + "ab" * 32


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


# --- the chain ------------------------------------------------------------------------------------


def other(**fields: Any) -> Callable[[Any], Any]:
    """Change fields of an answer."""
    return lambda answer: {**answer, **fields}


@pytest.mark.parametrize(
    ("method", "change", "failing"),
    [
        ("eth_getTransactionByHash", other(input="0x"), "ack_transaction"),
        ("eth_getTransactionByHash", other(**{"from": BOB}), "ack_transaction"),
        ("eth_getTransactionByHash", other(to=BOB), "ack_transaction"),
        ("eth_getTransactionByHash", other(hash=OTHER_HASH), "ack_transaction"),
        ("eth_getTransactionReceipt", other(status="0x0"), "ack_block"),
        ("eth_getTransactionReceipt", other(logs=[]), "ack_event"),
        ("eth_getTransactionReceipt", other(blockHash=OTHER_HASH), "ack_block"),
        ("eth_getBlockByNumber", other(hash=OTHER_HASH), "ack_block"),
        ("eth_getBlockByNumber", other(transactions=[]), "ack_block"),
    ],
)
async def test_a_chain_that_answers_otherwise_refutes(
    node: AnsweringNode, task: TaskKey, method: str, change: Callable[[Any], Any], failing: str
) -> None:
    lying = LyingRpc(node.devnet.rpc, method, change)

    found = await node.verify(task, lying)

    assert lying.lies
    assert found.verdict is ProofVerdict.REFUTED
    assert findings(found, FAILS)[0] == failing


async def test_a_contract_that_keeps_another_text_refutes(node: AnsweringNode, task: TaskKey) -> None:
    here, there = (text.encode().hex() for text in ("ünïcode", "ünicodé"))
    lying = LyingRpc(node.devnet.rpc, "eth_call", lambda answer: answer.replace(here, there))

    found = await node.verify(task, lying)

    assert lying.lies
    assert findings(found, FAILS) == ["result"]


async def test_a_transaction_that_no_block_holds_refutes(node: AnsweringNode, task: TaskKey) -> None:
    """After a reorganisation without our transactions, nothing of them is on the chain."""

    class Forgetful(LyingRpc):
        async def call(self, method: str, *params: Any) -> Any:
            if method in ("eth_getTransactionByHash", "eth_getTransactionReceipt"):
                return None
            return await super().call(method, *params)

    forgetful = Forgetful(node.devnet.rpc, "eth_getBlockByNumber", other(transactions=[]))

    found = await node.verify(task, forgetful)

    assert findings(found, FAILS) == ["ack_transaction", "precommit_transaction", "commit_transaction"]
    pruned = Forgetful(node.devnet.rpc, "none", other())
    assert (await node.verify(task, pruned)).verdict is ProofVerdict.NOT_PROVEN, "the blocks hold them"


@pytest.mark.parametrize(
    "method",
    [
        "eth_call",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
        "eth_getBlockByNumber",
        "eth_getLogs",
    ],
)
@pytest.mark.parametrize("answer", [{"odd": 1}, [], "0x", 7, RpcError(-32005, "too many requests")])
async def test_what_cannot_be_read_is_never_a_pass(
    node: AnsweringNode, task: TaskKey, method: str, answer: Any
) -> None:
    class Broken(LyingRpc):
        async def call(self, asked: str, *params: Any) -> Any:
            found = await super().call(asked, *params)
            if isinstance(found, RpcError):
                raise found
            return found

    broken = Broken(node.devnet.rpc, method, lambda _: answer)

    found = await node.verify(task, broken)

    assert broken.lies
    assert findings(found, FAILS) == []
    assert found.verdict is ProofVerdict.NOT_PROVEN


async def test_an_endpoint_that_is_gone_leaves_everything_open(node: AnsweringNode, task: TaskKey) -> None:
    class Gone(LyingRpc):
        async def call(self, method: str, *params: Any) -> Any:
            raise problem_error("no_rpc", "The chain endpoint did not answer")

        async def batch(self, calls: Any) -> list[Any]:
            raise problem_error("no_rpc", "The chain endpoint did not answer")

    found = await node.verify(task, Gone(node.devnet.rpc, "", other()))

    assert found.verdict is ProofVerdict.NOT_PROVEN
    assert "did not answer" in found.summary
    assert findings(found, HOLDS) == [
        "prompt_file",
        "ack_calldata",
        "answer_file",
        "answer_hash",
        "parameters",
        "precommit_commitment",
        "precommit_calldata",
        "commit_commitment",
        "commit_calldata",
    ], "what disk and journal tell by themselves"


# --- tasks that have not come so far, or are others' -----------------------------------------------


@pytest.mark.parametrize(
    ("upto", "first_open"),
    [(TransactionKind.ACK, "answer_file"), (TransactionKind.PRECOMMIT, "commit_commitment")],
)
async def test_a_task_under_way_is_proven_as_far_as_it_came(
    node: AnsweringNode, devnet: DevnetOnAnvil, upto: TransactionKind, first_open: str
) -> None:
    key = TaskKey(*await devnet.assigned_task(node.address))
    record = await node.answer(key, upto)

    found = await node.verify(key)

    assert (found.verdict, findings(found, FAILS)) == (ProofVerdict.NOT_PROVEN, [])
    assert findings(found, UNKNOWN)[0] == first_open
    assert f"not sent yet; the task is {record.stage}" in check_named(found, "commit_transaction").detail


async def test_a_missed_task_has_its_cause(node: AnsweringNode, devnet: DevnetOnAnvil) -> None:
    key = TaskKey(*await devnet.assigned_task(node.address))
    record = await node.answer(key, TransactionKind.ACK)
    missed = msgspec.structs.replace(record, stage=Stage.MISSED, note="the engine died", ended_at=time.time())
    node.journal.tasks.save(missed, "missed")

    found = await node.verify(key)

    assert found.verdict is ProofVerdict.NOT_PROVEN
    assert "the task was missed: the engine died" in check_named(found, "precommit_transaction").detail


async def test_another_miners_task_is_told_in_part(node: AnsweringNode, devnet: DevnetOnAnvil) -> None:
    ids = await devnet.assigned_task(BOB)
    await answer_as(devnet, ids, BOB)

    found = await node.verify(TaskKey(*ids))

    assert found.verdict is ProofVerdict.NOT_PROVEN
    assert (findings(found, NOTED), findings(found, HOLDS)) == (["assigned"], ["own_hash"])
    assert "only the node that answered" in found.summary


async def test_an_own_task_that_the_journal_lost_is_not_proven(
    node: AnsweringNode, task: TaskKey, tmp_path: Path
) -> None:
    node.write("DELETE FROM tasks")

    found = await node.verify(task)

    assert found.verdict is ProofVerdict.NOT_PROVEN
    assert "journal does not have the task" in found.summary


@in_every_generation
async def test_a_task_that_nobody_knows_is_refused_as_not_there_and_nothing_else_is_blamed(
    node: AnsweringNode, task: TaskKey
) -> None:
    absent = TaskKey(task.session_id, 99)
    for key, why in ((TaskKey(999, 0), "there is no session 999"), (absent, "session 0 has one task")):
        with pytest.raises(ProblemError) as refused:
            await node.verify(key)
        problem = refused.value.problem
        assert (problem.code, problem.what) == ("no_such_task", f"There is no task {key}")
        assert (problem.why, problem.remedy) == (why, "")
