"""Sessions that ask for two models, through a real chain, node and engine: each answered by its own."""

from __future__ import annotations

import asyncio
import hashlib
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from cortensor_tui.chain.contracts.calls import NewSession, create_call
from cortensor_tui.domain.health import NodeStatus, Verdict
from cortensor_tui.domain.tasks import TaskKey, TaskView
from cortensor_tui.inference.models.digest import file_sha256
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.history_messages import GetTask, Tasks
from cortensor_tui.node.paths import socket_path
from tests.inference.gguf_files import with_template
from tests.world import LOOK_S, World, status_of, until_verdict

pytestmark = pytest.mark.real

MISTRAL, LLAVA = 4, 0
TEMPLATE = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"
LONGEST_S = 60.0


def settings_with_folder(world: World) -> tuple[Path, Path]:
    """Return settings that let sessions change the model, and the second model, which is in the folder."""
    folder = world.folder / "models"
    folder.mkdir()
    other = with_template(world.model, folder / "Mistral-7B-Instruct-v0.3.Q4_0.gguf", TEMPLATE)
    file_sha256(other)
    settings = world.settings(CORTENSOR_TUI_SWITCH_MODEL="1", CORTENSOR_TUI_MODELS_DIR=str(folder))
    return settings, other


async def session_of(world: World, model: int) -> int:
    """Create a session that asks for a model of the network, with the miner bound to it."""
    session_id = await world.reader.session_count()
    await world.send_call(create_call(world.reader, NewSession(name="one", model_identifier=model)))
    await world.bind(session_id)
    return session_id


async def told(settings: Path, keys: Iterable[TaskKey]) -> list[TaskView]:
    """Ask the node for tasks, whole."""
    client = await NodeClient.connect(socket_path(settings))
    try:
        answers = [await client.request(GetTask(key=key)) for key in keys]
    finally:
        await client.close()
    return [task for answer in answers if isinstance(answer, Tasks) for task in answer.tasks]


async def until_loading(settings: Path) -> NodeStatus:
    """Wait until the model is being changed."""
    async with asyncio.timeout(LONGEST_S):
        while (status := await status_of(settings)).engine.loading_for is None:
            await asyncio.sleep(LOOK_S)
    return status


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_each_session_is_answered_by_the_model_that_it_asks_for(world: World) -> None:
    settings, other = settings_with_folder(world)
    asking, plain = await session_of(world, MISTRAL), await session_of(world, LLAVA)
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        keys = [await world.submit(session_id, "Say hello.") for session_id in (plain, asking, plain, asking)]
        status = await until_loading(settings)
        assert status.engine.loading_for == asking
        assert status.verdict is Verdict.SERVING
        for key in keys:
            await world.until_ended(key)
        tasks = await told(settings, keys)
        warnings = (await status_of(settings)).warnings
    made = [task.envelope and task.envelope.model_sha256 for task in tasks]
    assert made == [digest(world.model), digest(other)] * 2
    assert any(f"Session {plain} is not answered by the model" in warning for warning in warnings)
    assert not any(f"Session {asking} " in warning for warning in warnings)


async def test_a_node_killed_while_it_loads_starts_with_its_own_model_and_goes_on(world: World) -> None:
    settings, other = settings_with_folder(world)
    asking = await session_of(world, MISTRAL)
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(asking, "Say hello.")
        await until_loading(settings)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with world.node(settings):
        await world.until_ended(key)
        [task] = await told(settings, [key])
    assert task.envelope is not None
    assert task.envelope.model_sha256 == digest(other)


async def test_a_model_that_does_not_load_is_told_and_the_task_answered_by_the_configured_one(
    world: World,
) -> None:
    settings, other = settings_with_folder(world)
    data = bytearray(other.read_bytes())
    at = data.index(b"token_embd.weight")
    data[at : at + 5] = b"tokem"
    other.write_bytes(data)
    file_sha256(other)
    asking = await session_of(world, MISTRAL)
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        key = await world.submit(asking, "Say hello.")
        await world.until_ended(key)
        [task] = await told(settings, [key])
        status = await status_of(settings)
    assert task.envelope is not None
    assert task.envelope.model_sha256 == digest(world.model)
    assert any(f"Session {asking} is not answered by the model" in warning for warning in status.warnings)
