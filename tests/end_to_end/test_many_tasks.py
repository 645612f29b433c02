"""Tasks of several sessions at once, through a real chain, node and model: each gets its own answer, once."""

from __future__ import annotations

import asyncio
import itertools
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from cortensor_tui.dashboard.folding import apply
from cortensor_tui.dashboard.state import NodeView
from cortensor_tui.devnet.accounts import oracle_account
from cortensor_tui.devnet.decisions import Deadlines
from cortensor_tui.devnet.oracle import Oracle
from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, Tasks
from cortensor_tui.node.paths import socket_path
from tests.end_to_end.unattended import assign_in_one_block, unattended_world
from tests.world import World, until_verdict

pytestmark = pytest.mark.real

LONG = (200, 0, 100, 0, 100, 0, 0)  # tokens; greedy
TAGS = ("4711", "207", "90210", "38")
SLOTS = 4
LONGEST_S = 120.0
NEVER = Deadlines(ack_s=600.0, precommit_s=600.0, commit_s=600.0)


@pytest.fixture
async def world(tmp_path: Path, default_model: Path) -> AsyncIterator[World]:
    """A devnet on anvil whose oracle is the test itself."""
    async with unattended_world(tmp_path, default_model) as unattended:
        yield unattended


def prompt_of(tag: str) -> str:
    """Return a prompt that the model goes on with by saying the tag again and again."""
    return " ".join([tag] * 8)


def is_answer_to(tag: str, answer: str | None) -> bool:
    """Tell whether an answer is that tag over and over, and nothing else; the last one may be cut."""
    return bool(answer) and f" {tag}" * 200 == (answer or "") + (f" {tag}" * 200)[len(answer or "") :]


async def submitted(world: World) -> dict[TaskKey, str]:
    """Submit four prompts to three sessions, and have all of them assigned in one block."""
    sessions = [await world.create_session() for _ in range(3)]
    for session_id in sessions:
        await world.bind(session_id)
    keys = {
        await world.submit(session_id, prompt_of(tag), LONG): tag
        for tag, session_id in zip(TAGS, itertools.cycle(sessions), strict=False)
    }
    assert len({key.session_id for key in keys}) == 3
    return keys


@asynccontextmanager
async def overseen(world: World) -> AsyncIterator[None]:
    """Have the devnet's oracle end what is answered, with all the time there is."""
    oracle = Oracle(world.rpc, oracle_account().private_key, world.info.contracts, NEVER)
    work = asyncio.create_task(oracle.run())
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


class Watcher:
    """Folds what a node tells as a dashboard does it."""

    def __init__(self, client: NodeClient) -> None:
        self._messages = client.attach()
        self._view: NodeView | None = None

    async def until(self, is_so: Callable[[NodeView], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(LONGEST_S):
            while self._view is None or not is_so(self._view):
                self._view = apply(self._view, await anext(self._messages))


@asynccontextmanager
async def serving(world: World, settings: Path) -> AsyncIterator[tuple[Process, Watcher]]:
    """Run a node, and watch it from when it serves."""
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        client = await NodeClient.connect(socket_path(settings))
        try:
            yield process, Watcher(client)
        finally:
            await client.close()


async def told(settings: Path, keys: Iterable[TaskKey]) -> dict[TaskKey, TaskView]:
    """Ask the node for tasks, whole."""
    client = await NodeClient.connect(socket_path(settings))
    try:
        answers = [await client.request(GetTask(key=key)) for key in keys]
    finally:
        await client.close()
    return {task.key: task for answer in answers if isinstance(answer, Tasks) for task in answer.tasks}


def have_ended(view: NodeView, keys: Iterable[TaskKey]) -> bool:
    """Tell whether the node has seen every one of these tasks to its end."""
    tasks = [view.task(key) for key in keys]
    return all(task is not None and task.stage.is_final for task in tasks)


def speak(view: NodeView) -> bool:
    """Tell whether as many runs as the engine takes have given a token."""
    return sum(run.token_count > 0 for run in view.going_on) == SLOTS


async def assert_answered_once(world: World, keys: dict[TaskKey, str]) -> None:
    """Each task has one answer on chain, its own tag."""
    for key, tag in keys.items():
        [result] = await world.reader.results(key)
        assert is_answer_to(tag, result.data), (tag, result.data)
        events = await world.events_of(key)
        assert [events[f"Task{step}"] for step in ("Acked", "Precommitted", "Committed", "Ended")] == [1] * 4


def signal_engine(node: Process, what: signal.Signals) -> None:
    """Send a signal to the node's engine."""
    [engine] = [
        child
        for child in psutil.Process(node.pid).children(recursive=True)
        if "cortensor_tui.inference.llama.child" in child.cmdline()
    ]
    engine.send_signal(what)


def many_at_once(world: World) -> Path:
    """Return settings of a node whose engine takes four prompts as they stand.

    With one thread: another test's engine has the other core, and two whose threads wait for each other on
    the same two cores give two tokens a second.
    """
    return world.settings(
        LLM_OPTION_CPU_THREADS="1",
        CORTENSOR_TUI_RAW_PROMPT="verbatim",
        CORTENSOR_TUI_SLOTS=str(SLOTS),
        LLM_OPTION_CONTEXT_SIZE="2048",
    )


async def test_each_of_four_has_its_own_answer_and_one_that_is_cancelled_frees_its_place(
    world: World,
) -> None:
    settings = many_at_once(world)
    keys = await submitted(world)
    cancelled = min(keys)
    async with serving(world, settings) as (_, node):
        await assign_in_one_block(world, list(keys))
        await node.until(speak)
        call = world.reader.queue_call("end", cancelled.session_id, cancelled.task_id, True)
        oracle = DevSender(world.rpc, oracle_account().private_key)
        await oracle.send(Outgoing(text=call.text, to=call.to, data=call.data))
        async with overseen(world):
            await node.until(lambda view: have_ended(view, keys))
        tasks = await told(settings, keys)
    missed = tasks.pop(cancelled)
    assert missed.stage is Stage.MISSED
    assert "before the precommit was sent" in missed.note
    assert missed.answer is None
    del keys[cancelled]
    assert {key: task.stage for key, task in tasks.items()} == dict.fromkeys(keys, Stage.ENDED)
    await assert_answered_once(world, keys)


@pytest.mark.parametrize(
    ("what", "why"),
    [(signal.SIGKILL, "SIGKILL"), (signal.SIGSTOP, "it did not answer for 15 s")],
    ids=["killed", "hung"],
)
async def test_an_engine_that_goes_under_four_tasks_costs_none_of_them_its_answer(
    world: World, what: signal.Signals, why: str
) -> None:
    settings = many_at_once(world)
    keys = await submitted(world)
    async with serving(world, settings) as (process, node):
        await assign_in_one_block(world, list(keys))
        await node.until(speak)
        signal_engine(process, what)
        async with overseen(world):
            await node.until(lambda view: have_ended(view, keys))
        tasks = await told(settings, keys)
    assert [len(task.lost_runs) for task in tasks.values()] == [1] * len(keys)
    assert all(why in task.lost_runs[0].why for task in tasks.values())
    await assert_answered_once(world, keys)
