"""Kill -9 in the middle of what an owner asks for: it is done once, whatever was sent before."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from cortensor_tui.chain.contracts.calls import bind_call
from cortensor_tui.chain.contracts.reader import ContractReader
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.swaps import WhenBusy
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTransactions, Transactions
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import CreateSession, Submit
from cortensor_tui.node.paths import socket_path
from cortensor_tui.node.session_messages import SwapNodes
from tests.end_to_end.dying_node import blocks_go_on, dying
from tests.world import LOOK_S, World, status_of

pytestmark = pytest.mark.real
STEPS = (
    "swap asked",
    "unbind signed",
    "unbind sent",
    "unbind mined",
    "bind signed",
    "bind sent",
    "bind mined",
    "swap over",
)


async def ask(settings: Path, asked: RequestBody) -> None:
    """Ask for something as soon as the node has its chain; it may die before it answers."""
    while True:
        try:
            client = await NodeClient.connect(socket_path(settings))
            try:
                await client.request(asked, 60)
            finally:
                await client.close()
        except ProblemError as error:
            if error.problem.code == "node_gone":
                return
            if error.problem.code not in ("no_node", "not_connected"):
                raise
        else:
            return
        await asyncio.sleep(LOOK_S)


async def block_number(world: World) -> int:
    return int(await world.rpc.call("eth_blockNumber"), 16)


async def bound(reader: ContractReader, session_id: int) -> tuple[str, ...]:
    return (await reader.sessions([session_id]))[0].dedicated_nodes


async def until_over(world: World, settings: Path, session_id: int) -> None:
    """Wait until the other node is bound, and nothing of the swap is left."""
    async with asyncio.timeout(60):
        while True:
            with suppress(ProblemError):
                status = await status_of(settings)
                if not status.swaps and await bound(world.reader, session_id) == (world.stranger.address,):
                    return
            await asyncio.sleep(LOOK_S)


async def calls_of(world: World, address: str, since: int) -> Counter[str]:
    """Count an address's calls of SessionV2 by name, from a block on."""
    names = {
        "0x" + function.selector.hex(): name
        for name, function in world.reader.sessions_interface.functions.items()
    }
    found: Counter[str] = Counter()
    for number in range(since, await block_number(world) + 1):
        block = await world.rpc.call("eth_getBlockByNumber", hex(number), True)
        for one in block["transactions"]:
            if one["from"].lower() == address.lower():
                found[names[one["input"][:10]]] += 1
    return found


@pytest.mark.parametrize("step", STEPS)
async def test_one_node_is_unbound_and_the_other_bound_once(ticking_world: World, step: str) -> None:
    world = ticking_world
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    since = await block_number(world) + 1
    asked = SwapNodes(
        session_id=session_id, unbind_address=world.miner.address, bind_address=world.stranger.address
    )
    async with world.node(settings, *dying(step, settings)) as doomed:
        async with asyncio.timeout(90):
            await ask(settings, asked)
            assert await doomed.wait() == -9
    await blocks_go_on(world)
    async with world.node(settings):
        await until_over(world, settings, session_id)
    calls = await calls_of(world, world.owner.address, since)
    assert calls == {"removeDedicatedNode": 1, "addDedicatedNode": 1}


async def test_the_steps_above_are_all_there_are(ticking_world: World) -> None:
    world = ticking_world
    session_id = await world.create_session()
    await world.bind(session_id)
    settings = world.settings()
    asked = SwapNodes(
        session_id=session_id, unbind_address=world.miner.address, bind_address=world.stranger.address
    )
    async with world.node(settings, *dying("record", settings)), asyncio.timeout(90):
        await ask(settings, asked)
        await until_over(world, settings, session_id)
    steps = settings.with_name(settings.name + ".steps").read_text().splitlines()
    assert [step for step in steps if step not in ("chain known", "cursor moved")] == list(STEPS)


async def test_a_swap_that_waits_is_there_after_a_kill_and_can_be_given_up(world: World) -> None:
    session_id = await world.create_session()
    other, miner = world.stranger.address, world.miner.address
    await world.send_call(bind_call(world.reader, session_id, other))
    settings = world.settings()
    key = await world.submit(session_id, "Nobody answers this.")
    asked = SwapNodes(
        session_id=session_id, unbind_address=other, bind_address=miner, when_busy=WhenBusy.WAIT
    )
    async with world.node(settings) as process, asyncio.timeout(90):
        while not (await world.reader.task(key)).assigned_miners:
            await asyncio.sleep(LOOK_S)
        asking = asyncio.create_task(ask(settings, asked))
        await until_waiting(settings, key)
        process.kill()
        await asking
    before = await world.transaction_count(world.owner.address)
    async with world.node(settings), asyncio.timeout(90):
        await until_waiting(settings, key)
        await world.command(settings, "swap", str(session_id), "--stop")
        assert (await status_of(settings)).swaps == ()
    assert await bound(world.reader, session_id) == (other,)
    assert await world.transaction_count(world.owner.address) == before


async def until_waiting(settings: Path, key: TaskKey) -> None:
    """Wait until a node tells of a swap that waits for a task."""
    while True:
        with suppress(ProblemError):
            if [one.tasks for one in (await status_of(settings)).swaps] == [(key,)]:
                return
        await asyncio.sleep(LOOK_S)


@pytest.mark.parametrize("step", ["signed", "sent"])
@pytest.mark.parametrize(
    ("asked", "kind", "call"),
    [
        (CreateSession(name="another"), TransactionKind.CREATE_SESSION, "create"),
        (Submit(session_id=0, prompt="Count to five."), TransactionKind.SUBMIT, "submit"),
    ],
)
async def test_an_act_of_one_transaction_is_done_once(
    ticking_world: World, asked: RequestBody, kind: TransactionKind, call: str, step: str
) -> None:
    world = ticking_world
    assert await world.create_session() == 0
    settings = world.settings()
    since = await block_number(world) + 1
    async with world.node(settings, *dying(f"{kind} {step}", settings)) as doomed, asyncio.timeout(90):
        await ask(settings, asked)
        assert await doomed.wait() == -9
    await blocks_go_on(world)
    async with world.node(settings), asyncio.timeout(90):
        transactions = await told_transactions(settings)
        while any(one.state is not TransactionState.MINED for one in transactions):
            await asyncio.sleep(LOOK_S)
            transactions = await told_transactions(settings)
    assert [one.kind for one in transactions] == [kind], "it is followed to its end"
    assert await calls_of(world, world.owner.address, since) == {call: 1}


async def told_transactions(settings: Path) -> tuple[Transaction, ...]:
    """Return the transactions that a node tells of, once it tells of any."""
    while True:
        with suppress(ProblemError):
            client = await NodeClient.connect(socket_path(settings))
            try:
                told = await client.request(GetTransactions())
            finally:
                await client.close()
            assert isinstance(told, Transactions)
            if told.transactions:
                return told.transactions
        await asyncio.sleep(LOOK_S)
