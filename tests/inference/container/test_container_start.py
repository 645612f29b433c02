"""What stands in the way of a container: what others or an earlier node left, a name, a port, Docker's no."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.inference.container.plan import OWNER_LABEL
from tests.support.ports import lasting_port

from .scripted_docker import FakeContainer, ScriptedDocker, refusing
from .watched import WatchedContainer, failure_of


async def leave(docker: ScriptedDocker, watched: WatchedContainer, **changes: Any) -> FakeContainer:
    """Have a node of these settings start its container and be killed."""
    earlier = WatchedContainer(docker.socket_path, watched.plan.host_port, **changes)
    await earlier.engine.start()
    await earlier.vanish()
    return docker.running


async def test_a_container_that_a_killed_node_left_is_taken_over(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    left = await leave(docker, watched)

    await watched.engine.start()

    assert docker.running is left
    await left.end(1)
    assert (await watched.until_ready(restarts=1)).state is EngineState.READY


async def test_a_container_of_other_settings_is_replaced(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    left = await leave(docker, watched, context_tokens=64)

    await watched.engine.start()

    assert docker.running is not left
    assert len(docker.containers) == 1


async def test_the_container_of_another_node_is_not_touched(docker: ScriptedDocker) -> None:
    other = WatchedContainer(docker.socket_path, lasting_port(), name="other", owner="/home/other/.env")
    own = WatchedContainer(docker.socket_path, lasting_port())
    await other.engine.start()

    await own.engine.start()
    await own.engine.stop()

    assert docker.running.body["Labels"][OWNER_LABEL] == "/home/other/.env"
    await other.engine.stop()


async def test_a_name_that_a_foreign_container_has_is_told(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    foreign = docker.containers["f"] = FakeContainer("f", "model", {"Labels": {}})

    code, sentence = await failure_of(watched)

    assert code == "container_name_taken"
    assert "docker rm -f model" in sentence
    assert list(docker.containers.values()) == [foreign]


async def test_a_port_with_a_listener_is_told_and_nothing_is_left(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    with socket.create_server(("127.0.0.1", watched.plan.host_port)):
        code, sentence = await failure_of(watched)

    assert code == "container_port_taken"
    assert "LLM_WORKER_BASE_PORT" in sentence
    assert docker.containers == {}
    await watched.engine.start()
    assert watched.engine.health.state is EngineState.READY


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (
            "driver failed programming external connectivity: Bind for 127.0.0.1:8090 failed: "
            "port is already allocated",
            "container_port_taken",
        ),
        (
            'could not select device driver "" with capabilities: [[gpu]]',
            "container_gpu",
        ),
        ("no such file or directory: unknown", "container_start"),
    ],
)
async def test_why_docker_does_not_start_it_is_told(
    docker: ScriptedDocker, watched: WatchedContainer, message: str, code: str
) -> None:
    docker.answers["POST", f"/containers/{1:064x}/start"] = refusing(500, message)

    found, sentence = await failure_of(watched)

    assert found == code
    assert message.lower() in sentence.lower()
    assert docker.containers == {}
