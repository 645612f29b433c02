"""A server that is not there yet, goes away, comes back, hangs, or is another one by now."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from tests.inference.engines import ask, collect, text_of
from tests.inference.openai_http.told_server import (
    LLAMA_PAGES,
    PLAIN_PAGES,
    PROPS,
    Failing,
    Script,
    piece_of,
    told_server,
)
from tests.inference.openai_http.watched import QUICK, Watched, started
from tests.support.ports import lasting_port

FAILED, READY, BUSY, LOADING = EngineState.FAILED, EngineState.READY, EngineState.BUSY, EngineState.LOADING


async def test_a_server_that_is_not_there_is_told_and_can_be_tried_again() -> None:
    watched = Watched(f"http://127.0.0.1:{lasting_port()}/v1")
    with pytest.raises(ProblemError) as caught:
        await watched.engine.start()
    assert caught.value.problem.code == "engine_failed"
    assert "cannot be reached. Connection refused" in watched.engine.health.error
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("Hello")))
    assert caught.value.problem.code == "engine_failed"
    await watched.engine.stop()
    assert watched.engine.health.state is EngineState.STOPPED
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("Hello")))
    assert caught.value.problem.code == "engine_stopped"


async def test_a_server_that_goes_away_is_told_and_taken_up_again() -> None:
    async with told_server() as server, started(server.url) as watched:
        await server.stop()
        lost = await watched.until(lambda health: health.state is FAILED)
        assert "cannot be reached" in lost.error
        assert lost.died_at is not None
        assert lost.restarts == 1, "a loss counts when it happens"
        await server.start()
        await watched.engine.start()
        health = watched.engine.health
        assert (health.state, health.error, health.restarts) == (READY, "", 1)
        assert (health.died_at, health.death) == (lost.died_at, "connection refused")
        assert text_of(await collect(watched.engine.generate(ask("Hello")))) == "Hello!"


async def test_a_server_that_dies_in_the_middle_of_runs_ends_them_all() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.scripts.extend(Script(pieces=(piece_of("Hel"), asyncio.Event())) for _ in range(2))
        runs = [asyncio.create_task(collect(watched.engine.generate(ask("Hello")))) for _ in range(3)]
        await watched.until(lambda health: health.runs == 2)  # the server has two slots, so one waits
        await server.stop()
        for ended in await asyncio.gather(*runs, return_exceptions=True):
            assert isinstance(ended, ProblemError)
            assert ended.problem.code in ("engine_died", "engine_failed")  # either is run again
        assert watched.engine.health.state is FAILED
        assert watched.engine.health.runs == 0


async def test_a_server_that_loads_its_model_is_waited_for() -> None:
    async with told_server() as server:
        server.page_status = 503
        watched = Watched(server.url)
        starting = asyncio.create_task(watched.engine.start())
        await watched.until(lambda health: health.state is LOADING)
        server.page_status = 200
        await starting
        assert watched.states == [EngineState.STARTING, LOADING, READY]
        await watched.engine.stop()


async def test_a_server_that_loads_again_takes_no_runs_meanwhile() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.page_status = 503
        await watched.until(lambda health: health.state is LOADING)
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(ask("Hello")))
        assert caught.value.problem.code == "engine_failed"
        assert server.posts == []
        watched.forget()
        server.page_status = 200
        await watched.until(lambda health: health.state is READY)


async def test_a_proxy_in_front_of_nothing_is_no_server_that_loads() -> None:
    async with told_server() as server:
        server.page_status, server.page_words = 503, "Service Unavailable"
        watched = Watched(server.url)
        with pytest.raises(ProblemError):
            await watched.engine.start()
        assert "HTTP 503: Service Unavailable" in watched.engine.health.error
        await watched.engine.stop()


async def test_a_server_that_hangs_is_silent_first_and_then_lost() -> None:
    patience = msgspec.structs.replace(QUICK, answer_s=1.0)
    async with told_server() as server, started(server.url, patience) as watched:
        server.scripts.append(Script(pieces=(asyncio.Event(),)))
        run = asyncio.create_task(collect(watched.engine.generate(ask("Hello"))))
        await watched.until(lambda health: health.state is BUSY)
        server.may_answer_pages.clear()
        silent = await watched.until(lambda health: health.silent_since is not None)
        assert silent.state is BUSY
        lost = await watched.until(lambda health: health.state is FAILED)
        assert "does not answer" in lost.error
        assert lost.silent_since is None
        with pytest.raises(ProblemError) as caught:
            await run
        assert caught.value.problem.code == "engine_died"
        server.may_answer_pages.set()
        await watched.engine.start()
        assert watched.engine.health.state is READY


async def test_a_server_that_answers_again_in_time_is_not_lost() -> None:
    patience = msgspec.structs.replace(QUICK, answer_s=1.0, misses=1_000)
    async with told_server() as server, started(server.url, patience) as watched:
        server.may_answer_pages.clear()
        await watched.until(lambda health: health.silent_since is not None)
        watched.forget()
        server.may_answer_pages.set()
        health = await watched.until(lambda health: health.silent_since is None)
        assert (health.state, health.restarts) == (READY, 0)


async def test_a_server_that_is_asked_too_often_is_not_lost() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.page_status, server.page_words = 429, "slow down"
        server.asked.clear()
        while len(server.asked) < 10:
            await asyncio.sleep(0.01)
        assert watched.engine.health.state is READY
        assert watched.engine.health.silent_since is None


async def test_a_server_that_fails_at_every_look_is_lost() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.page_status, server.page_words = 500, "out of memory"
        lost = await watched.until(lambda health: health.state is FAILED)
        assert "fails. HTTP 500: out of memory" in lost.error


async def test_a_server_that_fails_where_others_tell_more_is_any() -> None:
    async with told_server({**PLAIN_PAGES, "/props": Failing()}) as server, started(server.url) as watched:
        assert watched.engine.health.engine.startswith("OpenAI-compatible")


async def test_another_model_on_the_same_server_is_noticed() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.pages["/props"] = {
            **PROPS,
            "model_path": "/models/Other.gguf",
            "default_generation_settings": {"n_ctx": 64},
        }
        health = await watched.until(lambda health: health.model == "Other")
        assert (health.state, health.context_tokens) == (READY, 64)


async def test_another_server_at_the_same_place_is_noticed() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.pages = {"/v1/models": LLAMA_PAGES["/v1/models"]}
        health = await watched.until(lambda health: health.engine.startswith("OpenAI-compatible"))
        assert health.state is READY


async def test_runs_of_others_are_told() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.pages["/slots"] = [{"id": 0, "is_processing": True}, {"id": 1, "is_processing": False}]
        health = await watched.until(lambda health: health.runs == 1)
        assert health.state is READY


async def test_runs_of_others_are_read_from_metrics_where_slots_are_switched_off() -> None:
    pages = {
        **LLAMA_PAGES,
        "/props": {**PROPS, "endpoint_slots": False, "endpoint_metrics": True},
        "/metrics": b"# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing 3\nother 7\n",
    }
    async with told_server(pages) as server, started(server.url) as watched:
        assert (await watched.until(lambda health: health.runs == 3)).state is READY
        assert "/slots" not in {asked.path for asked in server.asked}
