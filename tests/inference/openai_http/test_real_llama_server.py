"""The engine over HTTP against a real llama-server: its answers, its death, its hanging, its return."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.inference import Admitted, EngineState, FinishReason, Prefilled, Token
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.openai_http.patience import Patience
from tests.inference.engines import GREEDY, ask, collect, finish_of, text_of
from tests.inference.openai_http.llama_server import LlamaServer, llama_server, needs_llama_server
from tests.inference.openai_http.watched import Watched

pytestmark = [pytest.mark.real, needs_llama_server]

PATIENCE = Patience(poll_interval_s=0.1, answer_s=2.0, misses=3)
STORY = msgspec.structs.replace(GREEDY, max_tokens=400)
BOOT_S = 60


@pytest.fixture
async def server(default_model: Path, tmp_path: Path) -> AsyncIterator[LlamaServer]:
    async with llama_server(default_model, tmp_path) as server:
        yield server


@pytest.fixture
async def watched(server: LlamaServer) -> AsyncIterator[Watched]:
    """An engine that has found the server."""
    watched = Watched(server.url, PATIENCE)
    await until_started(watched)
    yield watched
    await watched.engine.stop()


async def until_started(watched: Watched) -> None:
    """Start the engine as the node does: again, while there is no server yet."""
    async with asyncio.timeout(BOOT_S):
        while True:
            try:
                await watched.engine.start()
            except ProblemError:
                await asyncio.sleep(0.05)
            else:
                watched.forget()
                return


async def test_it_says_what_it_is_and_answers_with_what_it_measured(watched: Watched) -> None:
    health = watched.engine.health
    assert health.engine.startswith("llama-server b")
    assert (health.model, health.context_tokens) == ("SmolLM2-135M-Instruct.Q4_1", 512)
    assert health.facts is not None
    assert (health.facts.slots, len(health.facts.template_sha256)) == (2, 64)
    events = await collect(watched.engine.generate(ask("Name three colours. — Größe, 色, 🙂")))
    finished = finish_of(events)
    assert isinstance(events[0], Admitted)
    assert isinstance(events[1], Prefilled)
    assert events[1].prompt_tokens == finished.prompt_tokens
    assert finished.answer_tokens >= sum(isinstance(event, Token) for event in events) > 0
    assert finished.decode_tokens_per_s is not None
    assert finished.prefill_tokens_per_s is not None
    assert text_of(events)


async def test_raw_text_is_gone_on_with(watched: Watched) -> None:
    events = await collect(watched.engine.generate(ask("One, two, three, four,", role="raw")))
    assert text_of(events).startswith(" five")


async def test_three_at_once_answer_as_each_does_alone(watched: Watched) -> None:
    words = ("one", "two", "three")
    alone = {}
    for word in words:
        run = msgspec.structs.replace(ask(f"Say {word}."), is_reproducible=True)
        alone[word] = text_of(await collect(watched.engine.generate(run)))
        assert text_of(await collect(watched.engine.generate(run))) == alone[word]
    together = await asyncio.gather(
        *(collect(watched.engine.generate(ask(f"Say {word}."))) for word in words)
    )
    assert max(finish_of(events).slots_busy for events in together) == 2  # as many slots as it has
    assert all(text_of(events) for events in together)
    assert watched.engine.health.runs == 0


@pytest.mark.parametrize("words", [600, 2_000_000], ids=["600 words", "10 MB"])
async def test_a_prompt_beyond_its_context_is_told(watched: Watched, words: int) -> None:
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("word " * words)))
    assert caught.value.problem.code == "prompt_too_long"
    assert "512 tokens" in caught.value.problem.what


async def test_an_answer_stops_where_it_was_asked_to(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, max_tokens=5)
    finished = finish_of(await collect(watched.engine.generate(ask("Count to a hundred.", params))))
    assert (finished.reason, finished.answer_tokens) == (FinishReason.LENGTH, 5)


async def test_a_run_that_is_left_frees_its_slot(watched: Watched, server: LlamaServer) -> None:
    events = watched.engine.generate(ask("Write a very long story.", STORY))
    async for event in events:
        if isinstance(event, Token):
            break
    assert await server.busy_slots() == 1
    await events.aclose()
    async with asyncio.timeout(BOOT_S):
        while await server.busy_slots():
            await asyncio.sleep(0.02)


async def test_killed_in_the_middle_it_is_told_and_taken_up_again(
    watched: Watched, server: LlamaServer
) -> None:
    before = text_of(await collect(watched.engine.generate(ask("Hello"))))

    async def read_and_kill() -> None:
        async for event in watched.engine.generate(ask("Write a very long story.", STORY)):
            if isinstance(event, Token) and event.count == 1:
                server.signal(signal.SIGKILL)

    with pytest.raises(ProblemError) as caught:
        await read_and_kill()
    assert caught.value.problem.code == "engine_died"
    assert watched.engine.health.state is EngineState.FAILED
    assert "hung up in the middle of its answer" in watched.engine.health.death
    await server.kill()
    await server.start()
    await until_started(watched)
    assert watched.engine.health.restarts == 1
    assert text_of(await collect(watched.engine.generate(ask("Hello")))) == before


async def test_hung_it_is_lost_and_found_again(watched: Watched, server: LlamaServer) -> None:
    run = asyncio.create_task(collect(watched.engine.generate(ask("Write a very long story.", STORY))))
    await watched.until(lambda health: health.state is EngineState.BUSY)
    server.signal(signal.SIGSTOP)
    await watched.until(lambda health: health.silent_since is not None)
    lost = await watched.until(lambda health: health.state is EngineState.FAILED)
    assert "does not answer" in lost.error
    with pytest.raises(ProblemError) as caught:
        await run
    assert caught.value.problem.code == "engine_died"
    server.signal(signal.SIGCONT)
    await until_started(watched)
    assert finish_of(await collect(watched.engine.generate(ask("Hello")))).answer_tokens > 0


async def test_an_idle_server_that_is_started_anew_is_taken_up_again(
    watched: Watched, server: LlamaServer
) -> None:
    await server.kill()
    await watched.until(lambda health: health.state is EngineState.FAILED)
    await server.start()
    await until_started(watched)
    assert watched.engine.health.restarts == 1
