"""A real node on a real chain, asked for answers as its client does."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from benchmarks.processes import BenchmarkError, running
from cortensor_tui.chain.contracts.calls import NewTask, submit_call
from cortensor_tui.devnet.sender import Outgoing
from cortensor_tui.devnet.service import DevnetInfo
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, TaskOutcome, Tasks, WaitTask
from cortensor_tui.node.paths import socket_path
from tests.world import World, until_verdict

START_TIMEOUT_S = 60.0
TASK_TIMEOUT_S = 300.0
BLOCK_S = 0.25  # the rhythm of Arbitrum, on which the network runs: the node is kept as busy as there
PROGRAM = (sys.executable, "-m", "cortensor_tui")


class BoundNode:
    """A running node bound to one session."""

    def __init__(self, world: World, session_id: int, client: NodeClient, pid: int) -> None:
        self.world = world
        self.pid = pid
        self._session_id = session_id
        self._client = client
        self._submitting = asyncio.Lock()

    async def new_session(self) -> int:
        """Create one more session of the owner's, bind the node to it, and return its id."""
        session_id = await self.world.create_session("benchmark")
        await self.world.bind(session_id)
        return session_id

    async def serve(self, prompt: str, tokens: int) -> TaskView:
        """Submit a prompt on chain, greedy; once its task has ended there, return it as the node tells it."""
        return (await self.serve_all([(self._session_id, prompt)], tokens))[0]

    async def serve_all(self, asked: Sequence[tuple[int, str]], tokens: int) -> list[TaskView]:
        """Submit (session id, prompt) at once, as `serve` does one; each session may stand there once."""
        reader = self.world.reader
        async with self._submitting:  # or two would take themselves for the same task
            counts = await reader.task_counts([session_id for session_id, _ in asked])
            keys = [TaskKey(session_id, count) for (session_id, _), count in zip(asked, counts, strict=True)]
            calls = [
                submit_call(reader, NewTask(session_id=session_id, prompt=prompt, llm_params=_greedy(tokens)))
                for session_id, prompt in asked
            ]
            outgoing = [Outgoing(text=call.text, to=call.to, data=call.data) for call in calls]
            for problem in await self.world.owner_sender.send_all(outgoing):
                if problem is not None:
                    raise ProblemError(problem)
        return await asyncio.gather(*(self._ended(key) for key in keys))

    async def _ended(self, key: TaskKey) -> TaskView:
        waiting = WaitTask(key=key, timeout_s=TASK_TIMEOUT_S)
        outcome = await self._client.request(waiting, timeout_s=TASK_TIMEOUT_S + 10)
        told = await self._client.request(GetTask(key=key))
        if not isinstance(outcome, TaskOutcome) or not outcome.results:
            raise BenchmarkError(f"task {key} ended without an answer: {outcome}")
        if not isinstance(told, Tasks):
            raise BenchmarkError(f"the node did not tell of task {key}")
        return told.tasks[0]


def _greedy(tokens: int) -> tuple[int, ...]:
    return (tokens, 0, 100, 40, 100, 0, 0)


@asynccontextmanager
async def anvil_world(folder: Path, model: Path, block_s: float = BLOCK_S) -> AsyncIterator[World]:
    """Run the devnet on anvil, with a block every so many seconds; 0 mines each transaction at once."""
    command = (*PROGRAM, "devnet", "--backend", "anvil", "--block-time", f"{block_s:g}", "--json")
    async with running(*command, stdout=PIPE) as process:
        if process.stdout is None:
            raise BenchmarkError("the devnet was started without a pipe")
        async with asyncio.timeout(START_TIMEOUT_S):
            line = await process.stdout.readline()
        if not line:
            raise BenchmarkError("the devnet did not start")
        try:
            world = World(msgspec.json.decode(line, type=DevnetInfo), folder, model)
        except msgspec.ValidationError as error:  # it has the devnet's own words
            raise BenchmarkError(f"the devnet did not start: {line.decode()}") from error
        try:
            yield world
        finally:
            await world.rpc.close()


@asynccontextmanager
async def bound_node(world: World, settings: Path) -> AsyncIterator[BoundNode]:
    """Run `cortensor-tui node run`, bound to a session of the owner's, until the block is left."""
    session_id = await world.create_session("benchmark")
    await world.bind(session_id)
    async with running(*PROGRAM, "node", "run", "--env", str(settings), stderr=PIPE) as process:
        try:
            await until_verdict(settings, Verdict.SERVING, process)
        except AssertionError as error:  # it has the node's own words
            raise BenchmarkError(str(error)) from error
        client = await NodeClient.connect(socket_path(settings))
        try:
            yield BoundNode(world, session_id, client, process.pid)
        finally:
            await client.close()
