"""Texts of private sessions are printed only where they were asked for."""

from __future__ import annotations

import msgspec
import pytest

from cortensor_tui.domain.tasks import MinerResult, TaskKey
from cortensor_tui.domain.verification import Finding, ProofCheck
from cortensor_tui.node.history_messages import (
    GetTasks,
    GetTransactions,
    TaskOutcome,
    Tasks,
    Transactions,
    Verify,
    WaitTask,
)
from cortensor_tui.node.messages import Done, ReplyBody, RequestBody, Reveal
from tests.cli.conftest import Home
from tests.cli.examples import NODE, TASK, TRANSACTION, VERIFIED
from tests.cli.scripted_node import ScriptedNode

SESSION_ID = TASK.key.session_id
HIDDEN_TASK = msgspec.structs.replace(TASK, prompt="", answer="", is_private=True, is_hidden=True)
HIDDEN_CALL = msgspec.structs.replace(
    TRANSACTION, call="SessionQueueV2.commit(…)", task_key=TASK.key, is_hidden=True
)

CID = "bafkreifktd5avzhf7oo25kz2w4qilhoq7klquarg4xomzs4ytajab2n5oy"
PROOF = msgspec.structs.replace(
    VERIFIED,
    key=TASK.key,
    checks=(ProofCheck(name="prompt", title="the prompt", finding=Finding.HOLDS, expected=CID, found=CID),),
)
HIDDEN_PROOF = msgspec.structs.replace(
    PROOF,
    checks=(ProofCheck(name="prompt", title="the prompt", finding=Finding.HOLDS, is_hidden=True),),
    is_hidden=True,
)


@pytest.fixture(autouse=True)
def keeping_back(node: ScriptedNode) -> None:
    """Have the node keep texts back until they are asked for."""

    def is_revealed() -> bool:
        return Reveal(session_id=SESSION_ID) in node.requests

    def outcome(_: RequestBody) -> ReplyBody:
        data = "the whole answer" if is_revealed() else "…"
        return TaskOutcome(
            key=TaskKey(SESSION_ID, 7),
            stage="ended",
            is_ended=True,
            results=(MinerResult(miner=NODE, data=data, hash="0x"),),
            is_hidden=not is_revealed(),
        )

    node.answers[Reveal] = Done()
    node.answers[GetTasks] = lambda _: Tasks((TASK if is_revealed() else HIDDEN_TASK,))
    node.answers[GetTransactions] = lambda _: Transactions((TRANSACTION if is_revealed() else HIDDEN_CALL,))
    node.answers[WaitTask] = outcome
    node.answers[Verify] = lambda _: PROOF if is_revealed() else HIDDEN_PROOF


def reveals(node: ScriptedNode) -> list[Reveal]:
    return [body for body in node.requests if isinstance(body, Reveal)]


async def test_hidden_texts_are_said_to_be_hidden(home: Home, node: ScriptedNode) -> None:
    text = await home.run("tasks")
    (task,) = (await home.run("tasks", "--json")).document["tasks"]

    assert text.out.count("hidden, --reveal shows it") == 2
    assert (task["prompt"], task["answer"], task["is_private"], task["is_hidden"]) == (None, None, True, True)
    assert not reveals(node), "nothing is revealed unasked"


async def test_reveal_asks_for_the_sessions_that_are_listed(home: Home, node: ScriptedNode) -> None:
    (task,) = (await home.run("tasks", "--reveal", "--json")).document["tasks"]

    assert task["prompt"] == TASK.prompt
    assert reveals(node) == [Reveal(session_id=SESSION_ID)]


async def test_a_filter_finds_private_texts_with_reveal(home: Home, node: ScriptedNode) -> None:
    def searched(body: RequestBody) -> ReplyBody:
        is_revealed = Reveal(session_id=SESSION_ID) in node.requests
        return Tasks((TASK,)) if is_revealed else Tasks((), unsearched=(SESSION_ID,))

    node.answers[GetTasks] = searched
    assert (await home.run("tasks", "--filter", "word", "--json")).document["tasks"] == []
    assert not reveals(node)
    (task,) = (await home.run("tasks", "--filter", "word", "--reveal", "--json")).document["tasks"]

    assert task["prompt"] == TASK.prompt
    assert reveals(node) == [Reveal(session_id=SESSION_ID)]


async def test_sessions_that_come_into_question_later_are_revealed_too(
    home: Home, node: ScriptedNode
) -> None:
    """Once a text was searched and does not match, the search goes further."""

    def searched(body: RequestBody) -> ReplyBody:
        left = [session_id for session_id in (3, 4) if Reveal(session_id=session_id) not in node.requests]
        return Tasks((), unsearched=tuple(left[:1]))

    node.answers[GetTasks] = searched
    await home.run("tasks", "--filter", "word", "--reveal")
    assert reveals(node) == [Reveal(session_id=3), Reveal(session_id=4)]


async def test_calls_are_revealed_too(home: Home, node: ScriptedNode) -> None:
    (hidden,) = (await home.run("txs", "--json")).document["transactions"]
    (shown,) = (await home.run("txs", "--reveal", "--json")).document["transactions"]

    assert (hidden["call"], hidden["is_hidden"]) == ("SessionQueueV2.commit(…)", True)
    assert (shown["call"], shown["is_hidden"]) == (TRANSACTION.call, False)


async def test_an_awaited_answer_is_printed_only_with_reveal(home: Home, node: ScriptedNode) -> None:
    hidden = await home.run("submit", str(SESSION_ID), "a prompt", "--wait")
    document = (await home.run("submit", str(SESSION_ID), "a prompt", "--wait", "--json")).document
    shown = await home.run("submit", str(SESSION_ID), "a prompt", "--wait", "--reveal")

    assert (hidden.code, shown.code) == (0, 0)
    assert "hidden, --reveal shows it" in hidden.out
    assert document["is_hidden"]
    assert document["results"][0]["data"] is None
    assert "the whole answer" in shown.out


async def test_a_proof_keeps_content_ids_back_until_they_are_asked_for(
    home: Home, node: ScriptedNode
) -> None:
    task = (str(SESSION_ID), str(TASK.key.task_id))
    hidden = await home.run("verify", *task)
    document = (await home.run("verify", *task, "--json")).document
    assert not reveals(node)
    shown = (await home.run("verify", *task, "--reveal", "--json")).document

    assert "hidden, --reveal shows it" in hidden.out
    assert (document["is_hidden"], document["checks"][0]["is_hidden"]) == (True, True)
    assert document["checks"][0]["expected"] is None
    assert reveals(node) == [Reveal(session_id=SESSION_ID)]
    assert (shown["is_hidden"], shown["checks"][0]["expected"]) == (False, CID)


async def test_nothing_is_asked_for_where_nothing_is_hidden(home: Home, node: ScriptedNode) -> None:
    node.answers[GetTasks] = Tasks((TASK,))
    await home.run("tasks", "--reveal")

    assert not reveals(node)
