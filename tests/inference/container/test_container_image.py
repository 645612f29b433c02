"""Where a container's image comes from, and what it has to say of its port."""

from __future__ import annotations

import pytest
from aiohttp import web

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.inference.container.own_container import PULL_AGAIN_S
from tests.support.clock import StandingClock
from tests.support.ports import lasting_port

from .scripted_docker import ScriptedDocker
from .watched import IMAGE, WatchedContainer, failure_of


async def test_an_image_that_is_nowhere_is_told(docker: ScriptedDocker, watched: WatchedContainer) -> None:
    docker.images.clear()

    code, sentence = await failure_of(watched)

    assert code == "container_image_absent"
    assert f"docker pull {IMAGE}" in sentence
    assert "Pull access denied" in sentence


async def test_a_registry_that_refused_is_left_alone_while_the_image_may_come_by_hand(
    docker: ScriptedDocker,
) -> None:
    docker.images.clear()
    clock = StandingClock()
    watched = WatchedContainer(docker.socket_path, lasting_port(), clock=clock)
    pull = ("POST", "/images/create")

    first = await failure_of(watched)
    again = await failure_of(watched)
    assert docker.asked.count(pull) == 1
    assert again == first
    clock.pass_s(PULL_AGAIN_S)
    await failure_of(watched)
    assert docker.asked.count(pull) == 2

    docker.add_image(IMAGE, 8080)
    await watched.engine.start()
    assert watched.engine.health.state is EngineState.READY
    await watched.engine.stop()


async def test_an_image_is_pulled_with_its_progress_told(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    docker.images.clear()

    async def pull(request: web.Request) -> web.StreamResponse:
        assert request.query["fromImage"] == IMAGE
        answer = web.StreamResponse()
        await answer.prepare(request)
        for current in (10, 50, 100):
            detail = f'{{"current":{current},"total":100}}'
            await answer.write(f'{{"status":"Downloading","id":"a","progressDetail":{detail}}}\r\n'.encode())
        docker.add_image(IMAGE, 8080)
        return answer

    docker.answers["POST", "/images/create"] = pull
    await watched.engine.start()

    told = [health.load_progress for health in watched.healths if "pulling" in health.step]
    assert told == [None, 0.1, 0.5, 1.0]


async def test_a_pull_that_fails_in_the_middle_says_why(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    docker.images.clear()

    async def pull(request: web.Request) -> web.Response:
        return web.Response(text='{"status":"Pulling"}\n' + "x" * 100_000 + '\n{"error":"no space left"}\n')

    docker.answers["POST", "/images/create"] = pull

    code, sentence = await failure_of(watched)

    assert code == "container_image_absent"
    assert "no space left" in sentence.lower()


@pytest.mark.parametrize(("ports", "words"), [((), "names no port"), ((80, 443), "80, 443")])
async def test_an_image_that_does_not_say_one_port_needs_the_setting(
    docker: ScriptedDocker, watched: WatchedContainer, ports: tuple[int, ...], words: str
) -> None:
    docker.add_image(IMAGE, *ports)

    code, sentence = await failure_of(watched)

    assert code == "container_port_unknown"
    assert words in sentence
    assert "CORTENSOR_TUI_CONTAINER_PORT" in sentence
    named = WatchedContainer(docker.socket_path, watched.plan.host_port, image_port=443)
    await named.engine.start()
    assert list(docker.running.body["ExposedPorts"]) == ["443/tcp"]
    await named.engine.stop()
