"""A node in cortensord's own form, whose engine is a container: it answers, is killed, and finds it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from cortensor_tui.domain.health import Verdict
from tests.inference.container.podman import TINY_IMAGE, Podman, podman_or_skip
from tests.support.ports import lasting_port
from tests.world import World, end, until_verdict

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("podman")]


@pytest.fixture
def podman(monkeypatch: pytest.MonkeyPatch) -> Iterator[Podman]:
    with podman_or_skip() as podman:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{podman.socket_path}")
        yield podman


async def test_tasks_are_answered_from_one_container_over_two_nodes(world: World, podman: Podman) -> None:
    port = str(lasting_port())
    settings = world.settings(
        LLM_CONTAINER_IMAGE=TINY_IMAGE,
        LLM_WORKER_CONTAINER_NAME_PREFIX="n1-",
        LLM_PORT=port,
        CORTENSOR_TUI_CONTAINER_PORT=port,
        CORTENSOR_TUI_MODEL_PATH=None,
    )
    as_service = (sys.executable, "-m", "cortensor_tui", "node", str(settings), "minerv4", "1", "docker")
    session_id = await world.create_session()
    await world.bind(session_id)

    async with world.node(settings, *as_service) as process:
        status = await until_verdict(settings, Verdict.SERVING, process)
        assert status.engine.engine.endswith("in container n1-tiny-server-1")
        assert await answer(world, session_id) == "Hello from the container"
        (left,) = podman.containers()
        process.kill()
        await process.wait()

    assert podman.containers() == [left]
    async with world.node(settings, *as_service) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        assert await answer(world, session_id) == "Hello from the container"
        assert podman.containers() == [left]
        await end(process)
        assert podman.containers() == []


async def answer(world: World, session_id: int) -> str:
    key = await world.submit(session_id, "Who answers?")
    await world.until_ended(key)
    [result] = await world.reader.results(key)
    return result.data
