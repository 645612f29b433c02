"""Tasks that have not come so far, are another miner's, or are not there at all."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind
from cortensor_tui.domain.verification import Finding, ProofVerdict
from tests.devnet.devnet_on_anvil import BOB, DevnetOnAnvil, in_every_generation
from tests.devnet.task_steps import answer as answer_as
from tests.node.answered import (
    AnsweringNode,
    check_named,
    findings,
)

pytestmark = pytest.mark.real

FAILS, UNKNOWN, HOLDS, NOTED = Finding.FAILS, Finding.UNKNOWN, Finding.HOLDS, Finding.NOTED


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
