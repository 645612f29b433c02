"""Runs at a model server: cancelled, left, alone, and ended with the engine."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from cortensor_tui.domain.inference import Admitted, EngineState, FinishReason, Token
from cortensor_tui.domain.problems import ProblemError
from tests.inference.engines import ask, collect, finish_of, text_of
from tests.inference.openai_http.told_server import (
    HELLO,
    Script,
    piece_of,
    told_server,
)
from tests.inference.openai_http.watched import Watched, started

READY = EngineState.READY


async def test_cancel_ends_every_run_with_what_there_is() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.scripts.extend(Script(pieces=(piece_of("Hel"), asyncio.Event())) for _ in range(2))
        runs = [asyncio.create_task(collect(watched.engine.generate(ask("Hello")))) for _ in range(3)]
        await watched.until(lambda health: health.runs == 2)
        while len(server.posts) < 2:  # both are asked; the third waits for its turn
            await asyncio.sleep(0)
        await watched.engine.cancel()
        for run in runs:
            assert finish_of(await run).reason is FinishReason.CANCELLED
        await server.gone.wait()
        assert len(server.posts) == 2
        assert text_of(await collect(watched.engine.generate(ask("Hello")))) == "Hello!"


async def test_a_run_that_is_left_drops_its_connection() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.scripts.append(Script(pieces=(piece_of("Hel"), asyncio.Event())))
        events = watched.engine.generate(ask("Hello"))
        assert isinstance(await anext(events), Admitted)
        assert isinstance(await anext(events), Token)
        await events.aclose()
        await server.gone.wait()
        assert watched.engine.health.state is READY
        assert watched.engine.health.runs == 0


async def test_a_reproducible_run_is_alone() -> None:
    async with told_server() as server, started(server.url) as watched:
        may_end = asyncio.Event()
        server.scripts.append(Script(pieces=(HELLO[0], may_end, *HELLO[1:])))
        first = asyncio.create_task(collect(watched.engine.generate(ask("first"))))
        await watched.until(lambda health: health.runs == 1)
        alone = msgspec.structs.replace(ask("alone"), is_reproducible=True)
        others = [asyncio.create_task(collect(watched.engine.generate(one))) for one in (alone, ask("after"))]
        may_end.set()
        results = [finish_of(await run) for run in (first, *others)]
        assert [result.slots_busy for result in results] == [1, 1, 1]
        assert [post.payload["messages"][0]["content"] for post in server.posts] == [
            "first",
            "alone",
            "after",
        ]


async def test_stopping_ends_runs_and_connections() -> None:
    async with told_server() as server:
        watched = Watched(server.url)
        await watched.engine.start()
        server.scripts.append(Script(pieces=(piece_of("Hel"), asyncio.Event())))
        run = asyncio.create_task(collect(watched.engine.generate(ask("Hello"))))
        await watched.until(lambda health: health.runs == 1)
        await watched.engine.stop()
        with pytest.raises(ProblemError) as caught:
            await run
        assert caught.value.problem.code == "engine_stopped"
        await watched.engine.stop()
