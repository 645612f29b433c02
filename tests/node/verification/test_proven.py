"""A task that was answered as it should be is proven, with what made its answer."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import Finding, ProofVerdict
from tests.devnet.devnet_on_anvil import before_new
from tests.journal.test_journal import PARAMS
from tests.node.answered import (
    AnsweringNode,
    check_named,
    findings,
)

pytestmark = pytest.mark.real

FAILS, UNKNOWN, NOTED = Finding.FAILS, Finding.UNKNOWN, Finding.NOTED


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
