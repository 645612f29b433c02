"""A node whose journal is older than the chain does not contradict what its key has promised there."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing

import pytest

from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, Tasks
from cortensor_tui.node.paths import socket_path
from tests.world import LOOK_S, World, end, until_verdict

pytestmark = pytest.mark.real
PROMISED = b"\x5a" * 32


async def act_as_miner(world: World, sender: DevSender, name: str, *arguments: object) -> None:
    call = world.reader.queue_call(name, *arguments)
    await sender.send(Outgoing(text=call.text, to=call.to, data=call.data))


async def until_final(world: World, settings_name: str, key: TaskKey) -> TaskView:
    async with asyncio.timeout(60):
        while True:
            client = await NodeClient.connect(socket_path(world.folder / f"{settings_name}.env"))
            try:
                answer = await client.request(GetTask(key=key))
                assert isinstance(answer, Tasks)
                if answer.tasks[0].stage.is_final:
                    return answer.tasks[0]
            except ProblemError as error:
                if error.problem.code != "no_such_task":
                    raise
            finally:
                await client.close()
            await asyncio.sleep(LOOK_S)


async def test_a_precommit_that_only_the_chain_knows_is_not_contradicted(world: World) -> None:
    session_id = await world.create_session()
    await world.bind(session_id)
    miner = DevSender(world.rpc, world.miner.private_key)
    key = await world.submit(session_id, "Say hello.")
    async with asyncio.timeout(30):
        while not (await world.reader.task(key)).assigned_miners:
            await asyncio.sleep(LOOK_S)
    await act_as_miner(world, miner, "ack", key.session_id, key.task_id)
    await act_as_miner(world, miner, "precommit", key.session_id, key.task_id, PROMISED, "")

    async with world.node(world.settings()) as process:
        await until_verdict(world.settings(), Verdict.SERVING, process)
        task = await until_final(world, "node", key)

    assert task.stage.value == "missed"
    (journal,) = (world.folder / "node-data" / "journal").glob("*.sqlite")
    with closing(sqlite3.connect(journal)) as connection:
        signed = connection.execute("SELECT stage, payload_hash FROM commitments ORDER BY stage").fetchall()
        kinds = connection.execute("SELECT kind FROM transactions").fetchall()
    assert signed == [("commit", "0x" + PROMISED.hex()), ("precommit", "0x" + PROMISED.hex())]
    assert not {kind for (kind,) in kinds} & {"precommit", "commit"}, "nothing was signed against it"
    results = await world.reader.results(key)
    assert [result.hash for result in results] == ["0x" + PROMISED.hex()]


async def test_a_node_without_its_journal_says_how_to_go_on(world: World) -> None:
    settings = world.settings()
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.WAITING, process, "bound to no active session")
    shutil.rmtree(world.folder / "node-data" / "journal")

    async with world.node(settings) as process:
        await process.wait()
        said = await end(process)
    assert process.returncode == 1
    assert "--new-journal" in said

    command = (sys.executable, "-m", "cortensor_tui", "node", "run", "--env", str(settings), "--new-journal")
    async with world.node(settings, *command) as process:
        await until_verdict(settings, Verdict.WAITING, process, "bound to no active session")
