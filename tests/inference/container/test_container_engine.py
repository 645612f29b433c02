"""An engine in a container on a scripted Docker: how it comes up, dies, comes back and ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.container.docker_errors import DockerUnreachableError
from cortensor_tui.inference.container.own_container import PULL_AGAIN_S
from cortensor_tui.inference.container.plan import OWNER_LABEL
from cortensor_tui.inference.container.problems import docker_problem
from tests.inference.engines import ask, collect, text_of
from tests.support.clock import StandingClock
from tests.support.ports import lasting_port

from .scripted_docker import FakeContainer, ScriptedDocker, refusing
from .watched import IMAGE, QUICK, WatchedContainer


async def failure_of(watched: WatchedContainer) -> tuple[str, str]:
    """Start it where it cannot start; return the problem's code and sentence."""
    with pytest.raises(ProblemError) as caught:
        await watched.engine.start()
    assert watched.engine.health.state is EngineState.FAILED
    assert watched.engine.health.error == caught.value.problem.sentence()
    return caught.value.problem.code, caught.value.problem.sentence()


async def test_it_answers_from_its_container_and_takes_it_down_at_the_end(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await watched.engine.start()

    assert docker.running.name == "model"
    assert text_of(await collect(watched.engine.generate(ask("Hello")))) == (
        f"http://127.0.0.1:{watched.plan.host_port}"
    )
    assert watched.engine.health.engine == "echo in container model"
    assert watched.engine.health.is_ours
    assert watched.engine.health.context_tokens == 512
    await watched.engine.stop()
    assert docker.containers == {}
    assert watched.servers[0].is_stopped
    assert watched.engine.health.state is EngineState.STOPPED


async def test_it_is_not_ready_before_its_server_is(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    docker.on_start = lambda container: setattr(container, "server_status", 503)
    starting = asyncio.create_task(watched.engine.start())
    await watched.until(lambda health: health.state is EngineState.LOADING)
    assert not starting.done()

    docker.running.server_status = 200
    await starting

    assert watched.engine.health.state is EngineState.READY


async def test_a_log_that_goes_on_is_waited_for_longer_than_one_that_stands_still(
    docker: ScriptedDocker,
) -> None:
    clock = StandingClock()
    watched = WatchedContainer(docker.socket_path, lasting_port(), clock=clock)
    docker.on_start = lambda container: setattr(container, "server_status", 503)
    starting = asyncio.create_task(watched.engine.start())
    await watched.until(lambda health: health.state is EngineState.LOADING)

    for part in range(8):
        docker.running.say(f"loading, part {part}\n")
        await _said(watched, f"loading, part {part}")
        clock.pass_s(0.9 * QUICK.start_s)
    docker.running.server_status = 200
    await starting

    assert len(docker.containers) == 1
    assert watched.engine.health.state is EngineState.READY
    await watched.engine.stop()


async def test_a_server_that_never_answers_is_ended_with_what_it_said_last(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    def mute(container: FakeContainer) -> None:
        container.server_status = 503
        container.say("waiting for \x1b[31mGodot\n")

    docker.on_start = mute

    code, sentence = await failure_of(watched)

    assert code == "engine_start_failed"
    assert "its log stood still for 1 s; its log ends with: waiting for ␛[31mGodot" in sentence
    assert docker.containers == {}


async def test_a_container_that_ends_comes_back_and_says_why_it_ended(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await watched.engine.start()
    docker.running.say("out of cheese\n")
    await asyncio.wait_for(_said(watched, "out of cheese"), 5)

    await docker.running.end(3)

    back = await watched.until_ready(restarts=1)
    assert back.death == "it ended with exit status 3; its last words: out of cheese"
    assert back.error == ""
    assert back.died_at is not None
    assert len(docker.containers) == 1
    assert text_of(await collect(watched.engine.generate(ask("Hello"))))


async def _said(watched: WatchedContainer, line: str) -> None:
    while watched.container.last_line != line:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("is_told", "words"), [(True, "its memory ran out"), (False, "as the kernel does when memory runs out")]
)
async def test_memory_that_ran_out_is_told(
    docker: ScriptedDocker, watched: WatchedContainer, is_told: bool, words: str
) -> None:
    await watched.engine.start()

    await docker.running.end(137, is_out_of_memory=is_told)

    assert words in (await watched.until_ready(restarts=1)).death


async def test_a_container_that_keeps_dying_is_left_dead(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await watched.engine.start()
    for restarts in range(3):
        await watched.until_ready(restarts)
        await docker.running.end(1)

    health = await watched.until(lambda health: "3 times" in health.error)

    assert health.state is EngineState.FAILED
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("Hello")))
    assert caught.value.problem.code == "engine_failed"
    await watched.engine.start()
    assert watched.engine.health.restarts == 3
    assert watched.engine.health.state is EngineState.READY


async def test_a_server_that_hangs_is_replaced(docker: ScriptedDocker, watched: WatchedContainer) -> None:
    await watched.engine.start()

    docker.running.server_status = 500

    back = await watched.until_ready(restarts=1)
    assert back.death == "its server did not answer 3 times in a row"


async def test_a_server_that_was_lost_for_a_moment_is_taken_up_again(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await watched.engine.start()
    before = docker.running
    watched.servers[0].tell(EngineState.FAILED)
    assert watched.engine.health.state is EngineState.FAILED

    # asked meanwhile, it waits
    assert text_of(await collect(watched.engine.generate(ask("Hello"))))

    assert watched.servers[0].starts == 2
    assert docker.running is before
    assert watched.engine.health.restarts == 0


async def test_a_container_that_somebody_removed_is_made_again(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await watched.engine.start()
    gone = docker.running

    docker.containers.pop(gone.id)
    await gone.end(0)

    assert (await watched.until_ready(restarts=1)).death == "somebody removed it"


async def test_a_docker_that_goes_away_and_comes_back_changes_nothing(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await watched.engine.start()
    before = docker.running

    with capture_logs() as lines:
        await docker.stop()
        await _logged(lines, "docker does not answer")
        await docker.start()
        await _logged(lines, "docker answers again")
    assert [line["event"] for line in lines if "docker" in line["event"]] == [
        "docker does not answer",
        "docker answers again",
    ]

    assert text_of(await collect(watched.engine.generate(ask("Hello"))))
    assert docker.running is before
    assert watched.engine.health.restarts == 0
    await before.end(1)
    assert (await watched.until_ready(restarts=1)).death.startswith("it ended with exit status 1")


async def _logged(lines: Sequence[Mapping[str, Any]], event: str) -> None:
    while not any(line["event"] == event for line in lines):
        await asyncio.sleep(0)


async def test_a_docker_that_says_too_early_that_a_container_ended_is_not_believed(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    waits = asyncio.Semaphore(0)

    async def ended(_: web.Request) -> web.Response:
        waits.release()
        return web.json_response({"StatusCode": 0})

    docker.answers["POST", f"/containers/{1:064x}/wait"] = ended
    await watched.engine.start()
    for _ in range(3):
        await waits.acquire()

    assert watched.engine.health.state is EngineState.READY
    await docker.running.end(5)
    assert (await watched.until_ready(restarts=1)).death.startswith("it ended with exit status 5")


# --- what an earlier node left -----------------------------------------------------------------------


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


# --- what keeps it from starting -----------------------------------------------------------------------


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

    told = [health.load_progress for health in watched.healths if "pulling" in health.engine]
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


async def test_no_docker_is_told_and_it_starts_once_there_is_one(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    await docker.stop()

    code, sentence = await failure_of(watched)

    assert code == "docker_absent"
    assert str(docker.socket_path) in sentence
    assert "DOCKER_HOST" in sentence
    await docker.start()
    await watched.engine.start()
    assert watched.engine.health.state is EngineState.READY


async def test_what_answers_like_no_docker_is_told(docker: ScriptedDocker, watched: WatchedContainer) -> None:
    async def nonsense(_: web.Request) -> web.Response:
        return web.Response(text="<html>" + "x" * 5_000_000)

    docker.answers["GET", "/version"] = nonsense

    code, sentence = await failure_of(watched)

    assert code == "docker_failed"
    assert "more than 4194304 bytes" in sentence


async def test_a_newer_docker_is_asked_in_our_version_and_an_older_in_its_own(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    paths: list[str] = []

    async def version(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.json_response({"Version": "1"})

    docker.answers["GET", "/version"] = version
    for told in ("1.52", "1.30", "odd"):
        docker.api_version = told
        await watched.api.version()

    assert paths == ["/v1.47/version", "/v1.30/version", "/v1.47/version"]


async def test_a_socket_of_others_is_told(tmp_path: Path) -> None:
    error = docker_problem(DockerUnreachableError("Permission denied", 13), "start it", tmp_path / "d.sock")

    assert error.problem.code == "docker_forbidden"
    assert "group docker" in error.problem.sentence()


async def test_the_log_of_the_container_is_a_part_of_the_nodes_until_it_serves(
    docker: ScriptedDocker, watched: WatchedContainer
) -> None:
    def loads(container: FakeContainer) -> None:
        container.say("loading \x1b]0;title\x07" + "ab" * 100 + "\n")

    docker.on_start = loads
    with capture_logs() as lines:
        await watched.engine.start()
        docker.running.say("prompt: secret\n")
        await asyncio.wait_for(_said(watched, "prompt: secret"), 5)

    told = [(line["log_level"], line["line"]) for line in lines if line["event"] == "container says"]
    assert ("debug", "prompt: secret") in told
    (loading,) = (text for level, text in told if text.startswith("loading"))
    assert "\x1b" not in loading
    assert "…" in loading
