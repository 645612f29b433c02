"""Many runs at once with the real model: each gets its own answer, and a reproducible one always the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import msgspec
import psutil
import pytest

from cortensor_tui.domain.inference import (
    Admitted,
    Finished,
    FinishReason,
    Generation,
    GenerationEvent,
    Prefilled,
    Token,
)
from cortensor_tui.domain.problems import ProblemError

from .engines import GREEDY, Watched, ask, collect, finish_of, text_of

pytestmark = pytest.mark.real

SYSTEM = "You are a patient helper who answers every question shortly, clearly and in plain words."
SLOTS = 4
CONTEXT_TOKENS = 1024


@pytest.fixture
async def slots(model_path: Path) -> AsyncIterator[Watched]:
    """A started engine that takes four runs at once."""
    watched = Watched(model_path, CONTEXT_TOKENS, slots=SLOTS)
    await watched.engine.start()
    yield watched
    await watched.engine.stop()


def repeat(tag: str, tokens: int = 16) -> Generation:
    """Build a run whose answer goes on with its tag: the model is led to say it again and again."""
    return ask(
        f"{tag} {tag} {tag} {tag} {tag} {tag}", msgspec.structs.replace(GREEDY, max_tokens=tokens), role="raw"
    )


def in_session(text: str, session_id: int, *, is_reproducible: bool = False) -> Generation:
    return msgspec.structs.replace(
        ask(text),
        messages=(("system", SYSTEM), ("user", text)),
        session_id=session_id,
        is_reproducible=is_reproducible,
    )


def reused_tokens(events: list[GenerationEvent]) -> int:
    """Return how much of the prompt was not read again: this engine always tells."""
    reused = finish_of(events).reused_tokens
    assert reused is not None
    return reused


async def test_each_of_many_runs_says_its_own_tag_and_no_others(slots: Watched) -> None:
    tags = [f"{colour}{number}" for number in range(3) for colour in ("red", "blue", "green")]
    answers = await asyncio.gather(*(collect(slots.engine.generate(repeat(tag))) for tag in tags))
    for tag, events in zip(tags, answers, strict=True):
        said = text_of(events)
        assert tag in said
        assert not [other for other in tags if other != tag and other in said]
        assert finish_of(events).slots_busy <= SLOTS
    assert max(finish_of(events).slots_busy for events in answers) == SLOTS
    assert slots.engine.health.runs == 0
    assert max(health.runs for health in slots.healths) == SLOTS, "those that wait are not worked on"


async def test_the_engine_tells_what_its_answers_depend_on(slots: Watched) -> None:
    facts = slots.engine.health.facts
    assert facts is not None
    assert (facts.context_tokens, facts.slots, facts.batch_tokens) == (1024, SLOTS, 512)
    assert facts.build.startswith("llama.cpp ")
    assert facts.flash_attention is True
    assert facts.kv_type == "f16"
    assert len(facts.template_sha256) == 64
    finished = finish_of(await collect(slots.engine.generate(ask("Hello"))))
    assert finished.sampler_chain == ("greedy",)
    warm = msgspec.structs.replace(GREEDY, temperature=0.7, repeat_penalty=1.1, top_k=40)
    finished = finish_of(await collect(slots.engine.generate(ask("Hello", warm))))
    assert finished.sampler_chain == ("penalties", "top-k", "top-p", "temp", "dist")


async def test_a_run_joins_while_another_is_on_its_way(slots: Watched) -> None:
    long = msgspec.structs.replace(GREEDY, max_tokens=300)
    events = slots.engine.generate(ask("Write a very long story.", long))
    async for event in events:
        if isinstance(event, Token) and event.count >= 3:
            break
    joined = await collect(slots.engine.generate(ask("Hello")))
    assert finish_of(joined).slots_busy == 2
    rest = await collect(events)
    assert finish_of(rest).answer_tokens > finish_of(joined).answer_tokens


async def test_closing_one_stream_leaves_the_others_alone(slots: Watched) -> None:
    long = msgspec.structs.replace(GREEDY, max_tokens=200)
    left = slots.engine.generate(ask("Write a very long story.", long))
    others = [asyncio.create_task(collect(slots.engine.generate(repeat(tag)))) for tag in ("red7", "blue8")]
    await anext(left)
    await left.aclose()
    for tag, events in zip(("red7", "blue8"), await asyncio.gather(*others), strict=True):
        assert tag in text_of(events)
        assert finish_of(events).reason is FinishReason.LENGTH
    await slots.until(lambda health: health.runs == 0)
    assert slots.engine.health.restarts == 0


async def test_one_that_waits_for_room_can_be_cancelled_too(slots: Watched) -> None:
    whole = msgspec.structs.replace(GREEDY, max_tokens=100_000)
    first = asyncio.create_task(collect(slots.engine.generate(ask("Write a very long story.", whole))))
    await slots.until(lambda health: health.runs == 1)
    waiting = asyncio.create_task(collect(slots.engine.generate(ask("Hello", whole))))
    for _ in range(10):
        await asyncio.sleep(0)  # until it is asked; the engine is idle no more, so that happens at once
    assert slots.engine.health.runs == 1
    await slots.engine.cancel()
    [only] = await waiting
    assert isinstance(only, Finished), "it never had a place"
    assert only.answer_tokens == 0
    assert finish_of(await first).reason is FinishReason.CANCELLED


async def test_a_sessions_next_task_reads_only_what_is_new(slots: Watched) -> None:
    first = await collect(slots.engine.generate(in_session("What is the sun?", 7)))
    again = await collect(slots.engine.generate(in_session("What is the moon?", 7)))
    other = await collect(slots.engine.generate(in_session("What is the moon?", 8)))
    assert reused_tokens(first) == reused_tokens(other) == 0
    assert 16 <= reused_tokens(again) < (finish_of(again).prompt_tokens or 0)
    both = await asyncio.gather(
        *(collect(slots.engine.generate(in_session(f"What is a {thing}?", 7))) for thing in ("star", "comet"))
    )
    assert all(reused_tokens(events) >= 16 for events in both)
    for thing, events in zip(("star", "comet"), both, strict=True):
        assert thing in text_of(events).lower()


async def test_a_reproducible_answer_is_the_same_alone_and_between_neighbours(slots: Watched) -> None:
    question = in_session("Name three rivers.", 7, is_reproducible=True)
    alone = text_of(await collect(slots.engine.generate(question)))
    neighbours = [in_session(f"What is a {thing}?", 7) for thing in ("star", "comet", "planet", "moon")]
    for _ in range(2):
        runs = [*neighbours[:2], question, *neighbours[2:], question]
        answers = await asyncio.gather(*(collect(slots.engine.generate(run)) for run in runs))
        for run, events in zip(runs, answers, strict=True):
            if run.is_reproducible:
                finished = finish_of(events)
                assert text_of(events) == alone
                assert (finished.slots_busy, finished.reused_tokens) == (1, 0)


async def test_all_runs_hear_of_it_when_the_engine_dies(slots: Watched) -> None:
    long = msgspec.structs.replace(GREEDY, max_tokens=200)
    runs = [slots.engine.generate(ask(f"Write a long story of {n}.", long)) for n in range(6)]
    tasks = [asyncio.create_task(collect(run)) for run in runs]
    await slots.until(lambda health: health.runs == SLOTS)  # and two wait
    psutil.Process(slots.engine.pid).kill()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error.problem.code for error in ended if isinstance(error, ProblemError)] == ["engine_died"] * 6
    assert slots.engine.health.runs == 0
    assert finish_of(await collect(slots.engine.generate(ask("Hello")))).answer_tokens > 0


async def test_the_memory_of_the_engine_does_not_grow_with_its_runs(slots: Watched) -> None:
    """Joins, cancels and sessions; `make soak` does it for longer.

    What ended runs have read is kept, as many tokens as the context has: that much is there before it counts.
    """
    process = psutil.Process(slots.engine.pid)
    few = msgspec.structs.replace(GREEDY, max_tokens=4)

    async def some(round_number: int) -> None:
        runs = [in_session(f"Tell me of the number {n + round_number}.", n % 3) for n in range(4)]
        runs = [msgspec.structs.replace(run, params=few) for run in runs]
        tasks = [asyncio.create_task(collect(slots.engine.generate(run))) for run in runs]
        left = slots.engine.generate(in_session("Write a very long story.", 9))
        assert isinstance(await anext(left), Admitted)
        assert isinstance(await anext(left), Prefilled)
        await left.aclose()
        await asyncio.gather(*tasks)

    read_tokens = 0
    for session_id in count(100):
        run = msgspec.structs.replace(in_session("Tell me of the number 7.", session_id), params=few)
        read_tokens += finish_of(await collect(slots.engine.generate(run))).prompt_tokens or 0
        if read_tokens > CONTEXT_TOKENS:
            break
    await some(0)
    before = process.memory_info().rss
    for round_number in range(1, 5):
        await some(round_number)
    assert process.memory_info().rss - before < 4 * 2**20


async def test_an_engine_that_runs_out_of_memory_says_so_and_comes_back(slots: Watched) -> None:
    process = psutil.Process(slots.engine.pid)
    held_bytes = process.memory_info().vms
    process.rlimit(psutil.RLIMIT_AS, (held_bytes, held_bytes))
    with pytest.raises(ProblemError) as caught:
        await collect(slots.engine.generate(ask("x" * (12 * 2**20), role="raw")))
    assert caught.value.problem.code == "engine_died"
    assert "MemoryError" in caught.value.problem.why
    assert finish_of(await collect(slots.engine.generate(ask("Hello")))).answer_tokens > 0
