"""A Docker that is not there, goes away, is another's, or speaks another version."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web
from structlog.testing import capture_logs

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.inference.container.docker_errors import DockerUnreachableError
from cortensor_tui.inference.container.problems import docker_problem
from tests.inference.engines import ask, collect, text_of

from .scripted_docker import ScriptedDocker
from .watched import WatchedContainer, failure_of


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
