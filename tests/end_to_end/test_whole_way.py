"""A task from its submission to its end, through a real chain, a real node and a real model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from eth_utils.crypto import keccak

from cortensor_tui.devnet.sender import DevSender
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.domain.verification import ProofVerdict, Verification
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, GetTransactions, Tasks, Transactions, Verify
from cortensor_tui.node.live_messages import InferenceFinished, TokensStreamed
from cortensor_tui.node.messages import Change, Snapshot, TaskChanged
from cortensor_tui.node.paths import socket_path
from tests.world import World, status_of, until_verdict

pytestmark = pytest.mark.real


async def _streamed(client: NodeClient, key: TaskKey) -> tuple[str, list[int]]:
    """Follow the node until the task has ended; return the streamed text and each sequence number."""
    text, numbers = "", []
    async for message in client.attach():
        if isinstance(message, Snapshot):
            continue
        assert isinstance(message, Change)
        numbers.append(message.sequence)
        if isinstance(message.body, TokensStreamed) and message.body.key == key:
            text += message.body.text
        if isinstance(message.body, InferenceFinished):
            assert message.body.finished is not None
        if isinstance(message.body, TaskChanged) and message.body.task.stage is Stage.ENDED:
            return text, numbers
    raise AssertionError("unreachable: attach ends by raising")


async def test_the_answer_on_chain_is_what_was_streamed(any_world: World) -> None:
    world = any_world
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        client = await NodeClient.connect(socket_path(settings))
        key = TaskKey(session_id, 0)
        streaming = asyncio.create_task(_streamed(client, key))
        assert await world.submit(session_id, "Name three colours. — Größe, 色, 🙂") == key
        await world.until_ended(key)
        text, numbers = await asyncio.wait_for(streaming, 30)

        [result] = await world.reader.results(key)
        assert text != ""
        assert result.miner == world.miner.address
        assert result.data.encode() == text.encode()
        assert result.hash == "0x" + keccak(text.encode()).hex()
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

        events = await world.events_of(key)
        assert [events[f"Task{step}"] for step in ("Acked", "Precommitted", "Committed", "Ended")] == [1] * 4
        answer = await client.request(GetTransactions())
        assert isinstance(answer, Transactions)
        assert [(one.kind, one.state, one.nonce) for one in reversed(answer.transactions)] == [
            (TransactionKind.ACK, TransactionState.MINED, 0),
            (TransactionKind.PRECOMMIT, TransactionState.MINED, 1),
            (TransactionKind.COMMIT, TransactionState.MINED, 2),
        ]
        told = await client.request(GetTask(key=key))
        assert isinstance(told, Tasks)
        assert (told.tasks[0].answer, told.tasks[0].answer_hash) == (result.data, result.hash)
        proof = await client.request(Verify(key=key))
        assert isinstance(proof, Verification)
        assert proof.verdict is ProofVerdict.PROVEN, proof.summary
        await client.close()
        assert (await status_of(settings)).answered_tasks == 1


async def _listed_when_ended(world: World, settings: Path) -> dict[str, Any]:
    """Return the one task as the node lists it once it has heard of its end, a look after the chain has."""
    async with asyncio.timeout(30):
        while True:
            [task] = (await world.command(settings, "tasks"))["tasks"]
            if task["stage"] == Stage.ENDED:
                return dict(task)


async def test_every_generation_is_served_the_whole_way_by_the_command_line(
    world_of_a_generation: World,
) -> None:
    world = world_of_a_generation
    prompt = "Name three colours. — Größe, 色, 🙂"
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WAITING, process)
        created = await world.command(settings, "session", "create", "--name", "Trial", "--max-nodes", "2")
        key = TaskKey(created["session_id"], 0)
        session = str(key.session_id)
        await world.command(settings, "assign", session)
        status = await until_verdict(settings, Verdict.SERVING, process)
        [listed] = (await world.command(settings, "sessions"))["sessions"]
        asked = ("--max-tokens", "32", "--temperature", "0", "--repeat-penalty", "1.2")
        submitted = await world.command(settings, "submit", session, prompt, "--wait", *asked)
        task = await _listed_when_ended(world, settings)
        verified = await world.command(settings, "verify", session, "0")

    assert status.chain.origin is not None
    assert status.chain.origin.generation is world.info.generation
    assert (listed["service"], listed["dedicated_nodes"]) == ("served", [world.miner.address])
    assert listed["max_nodes"] == 2
    assert listed["reserve_period_s"] == (None if world.info.generation is Generation.OLD else 300)
    [on_chain] = await world.reader.results(key)
    assert on_chain.miner == world.miner.address
    assert on_chain.hash == "0x" + keccak(text=on_chain.data).hex()
    assert submitted["stage"] == "ended"
    assert submitted["results"] == [msgspec.to_builtins(on_chain)]
    assert (task["prompt"], task["answer"], task["answer_hash"]) == (prompt, on_chain.data, on_chain.hash)
    assert (task["asked"]["max_tokens"], task["asked"]["repeat_penalty"]) == (32, pytest.approx(1.2))
    assert verified["verdict"] == "proven"
    steps = ("Queued", "Assigned", "Acked", "Precommitted", "AllPrecommitted", "Committed", "AllCommitted")
    assert await world.events_of(key) == {f"Task{step}": 1 for step in (*steps, "Ended")}


async def test_params_asked_beyond_the_engine_are_clamped_and_the_clamp_is_told(world: World) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(session_id, "Say hello.", llm_params=(4096, 0, 100, 40, 115, 0, 0))
        await world.until_ended(key)
        client = await NodeClient.connect(socket_path(settings))
        told = await client.request(GetTask(key=key))
        await client.close()
        assert isinstance(told, Tasks)
        [task] = told.tasks
        assert task.asked is not None
        assert task.applied is not None
        assert task.asked.max_tokens == 4096
        assert task.asked.repeat_penalty == pytest.approx(1.15)
        assert task.applied.max_tokens <= 512
        assert task.applied.repeat_penalty == pytest.approx(1.15)
        assert "max_tokens" in [clamp.name for clamp in task.clamps]


async def test_tasks_of_a_stranger_are_refused_and_shown(ticking_world: World) -> None:
    world = ticking_world
    stranger = DevSender(world.rpc, world.stranger.private_key)
    session_id = await world.create_session("a stranger's", sender=stranger)
    await world.bind(session_id, sender=stranger)
    settings = world.settings()
    async with world.node(settings) as process:
        status = await until_verdict(settings, Verdict.WAITING, process, reason="refused")
        assert "CORTENSOR_TUI_OWNERS" in status.reason
        key = await world.submit(session_id, "Work for me.", sender=stranger)
        await world.until_ended(key)  # the oracle ends it when nobody acks in time
    assert await world.transaction_count(world.miner.address) == 0
    listed = world.settings(DEDICATED_NODE_AUTHORIZED_SESSIONS=str(session_id))
    async with world.node(listed) as process:
        await until_verdict(listed, Verdict.SERVING, process)
        key = await world.submit(session_id, "Work for me, please.", sender=stranger)
        await world.until_ended(key)
        assert len((await world.reader.results(key))[0].data) > 0


@pytest.mark.parametrize("world_of_a_generation", [Generation.OLD, Generation.NEW], indirect=True)
async def test_a_node_that_was_away_finds_its_open_tasks(world_of_a_generation: World) -> None:
    world = world_of_a_generation
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
    key = await world.submit(session_id, "Are you there?")
    async with world.node(settings) as process:
        await world.until_ended(key)
        [result] = await world.reader.results(key)
        assert result.data
    assert (await world.events_of(key))["TaskCommitted"] == 1
