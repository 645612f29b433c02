"""An engine in a container on a scripted Docker: how it comes up, dies, comes back and ends."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from tests.inference.engines import ask, collect, text_of
from tests.support.clock import StandingClock
from tests.support.ports import lasting_port

from .scripted_docker import FakeContainer, ScriptedDocker
from .watched import QUICK, WatchedContainer, failure_of


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
