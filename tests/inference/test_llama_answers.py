"""What a person gets from the real model in its child process."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest

from cortensor_tui.domain.inference import Admitted, EngineState, FinishReason, Prefilled, Token
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.params import asked_from_llm_params, fit

from .engines import GREEDY, Watched, ask, collect, finish_of, text_of

pytestmark = pytest.mark.real


async def test_loading_is_shown_from_nothing_to_ready(watched: Watched) -> None:
    progress = [health.load_progress for health in watched.healths if health.load_progress is not None]
    assert progress[0] == 0.0
    assert progress[-1] == 1.0
    assert progress == sorted(progress)
    assert watched.states == [EngineState.STARTING, EngineState.LOADING, EngineState.READY]
    assert watched.engine.health.context_tokens == 1024
    assert "llama.cpp" in watched.engine.health.engine
    assert watched.engine.health.model == "SmolLM2-135M-Instruct.Q4_1"


async def test_a_run_streams_its_tokens_between_prefill_and_finish(watched: Watched) -> None:
    events = await collect(watched.engine.generate(ask("Count from one to ten.")))
    finished = finish_of(events)
    begun, first, *tokens, _ = events
    assert isinstance(begun, Admitted)
    assert isinstance(first, Prefilled)
    assert all(isinstance(token, Token) and token.text for token in tokens)
    times = [token.at_ms for token in tokens if isinstance(token, Token)]
    assert times == sorted(times)
    assert finished.first_token_ms == times[0]
    assert finished.prompt_tokens == first.prompt_tokens
    assert finished.prefill_ms == first.prefill_ms
    assert finished.first_token_ms >= finished.prefill_ms
    assert finished.decode_ms == pytest.approx(times[-1] - times[0])
    assert finished.answer_tokens == tokens[-1].count  # type: ignore[union-attr]
    assert finished.reason is FinishReason.LENGTH
    assert finished.answer_tokens == GREEDY.max_tokens
    assert watched.states[-2:] == [EngineState.BUSY, EngineState.READY]


async def test_the_model_ends_its_turn_by_itself_and_the_end_token_is_no_text(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, max_tokens=200)
    events = await collect(watched.engine.generate(ask("Say only the word yes.", params)))
    assert finish_of(events).reason is FinishReason.STOP
    assert "<|im_end|>" not in text_of(events)
    assert text_of(events).strip()


async def test_greedy_gives_the_same_answer_whatever_was_asked_before(watched: Watched) -> None:
    first = text_of(await collect(watched.engine.generate(ask("What is the sun?"))))
    await collect(watched.engine.generate(ask("What is the sun made of, and how hot is it?")))
    again = text_of(await collect(watched.engine.generate(ask("What is the sun?"))))
    assert first == again != ""


async def test_the_seed_decides_a_sampled_answer(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, temperature=1.5, top_k=0)

    async def answer(seed: int) -> str:
        return text_of(await collect(watched.engine.generate(ask("Tell me a story.", params, seed))))

    assert await answer(1) == await answer(1)
    # 2**32 - 1 is llama.cpp's "choose one"; as our seed it must choose like any other, the same each time
    assert await answer(2**32 - 1) == await answer(2**32 - 1)
    assert len({await answer(1), await answer(2), await answer(3)}) > 1


async def test_penalties_change_what_is_said(watched: Watched) -> None:
    loop = "one two one two one two one two one two one two one two"
    strict = msgspec.structs.replace(GREEDY, repeat_penalty=1.8, frequency_penalty=1.0)
    plain = text_of(await collect(watched.engine.generate(ask(loop, role="raw"))))
    penalised = text_of(await collect(watched.engine.generate(ask(loop, strict, role="raw"))))
    assert "one two" in plain
    assert penalised != plain


async def test_characters_of_several_tokens_arrive_whole(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, max_tokens=60)
    prompt = "🦊🐢🦉🐝🦑🐙 " * 8
    events = await collect(watched.engine.generate(ask(prompt, params, role="raw")))
    tokens = [event for event in events if isinstance(event, Token)]
    beyond_ascii = [token for token in tokens if not token.text.isascii()]
    assert beyond_ascii, "the model was led to emoji and gave none"
    # fewer events than tokens: an emoji is several tokens, and only its last one gives an event
    assert len(tokens) < finish_of(events).answer_tokens
    assert any(character in text_of(events) for character in "🦊🐢🦉🐝🦑🐙")


async def test_cancel_ends_the_run_and_the_engine_takes_the_next(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, max_tokens=900)
    events = []
    async for event in watched.engine.generate(ask("Write a very long story.", params)):
        events.append(event)
        if isinstance(event, Token) and event.count == 3:
            await watched.engine.cancel()
    assert finish_of(events).reason is FinishReason.CANCELLED
    assert finish_of(events).answer_tokens < 900
    assert (
        finish_of(await collect(watched.engine.generate(ask("Hello")))).reason is not FinishReason.CANCELLED
    )
    assert watched.engine.health.restarts == 0


async def test_closing_the_stream_cancels_too(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, max_tokens=900)
    async with contextlib.aclosing(watched.engine.generate(ask("Write a long story.", params))) as events:
        async for event in events:
            if isinstance(event, Token):
                break
    # A run that went on would keep this one waiting for 900 tokens and give them the wrong id.
    after = await collect(watched.engine.generate(ask("Hello")))
    assert finish_of(after).answer_tokens <= GREEDY.max_tokens
    assert watched.engine.health.restarts == 0


async def test_a_prompt_is_cancelled_while_it_is_read(watched: Watched) -> None:
    task = asyncio.create_task(collect(watched.engine.generate(ask("word " * 900, role="raw"))))
    await watched.until(lambda health: health.state is EngineState.BUSY)
    await watched.engine.cancel()
    finished = finish_of(await task)
    assert finished.reason is FinishReason.CANCELLED
    assert finished.answer_tokens == 0
    assert finished.first_token_ms is None


@pytest.mark.parametrize("words", [2_000, 60_000], ids=["counted", "refused by size"])
async def test_a_prompt_longer_than_the_context_is_refused_with_a_remedy(
    watched: Watched, words: int
) -> None:
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("word " * words)))
    assert caught.value.problem.code == "prompt_too_long"
    assert "1024" in caught.value.problem.what
    assert caught.value.problem.remedy
    assert finish_of(await collect(watched.engine.generate(ask("Hello")))).answer_tokens > 0


async def test_a_prompt_larger_than_a_message_is_refused_too(watched: Watched) -> None:
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("x" * (17 * 1024 * 1024))))
    assert caught.value.problem.code == "prompt_too_long"
    assert watched.engine.health.state is EngineState.READY


async def test_a_prompt_that_is_no_text_is_refused(watched: Watched) -> None:
    with pytest.raises(ProblemError) as caught:
        await collect(watched.engine.generate(ask("half a pair: \ud83e")))
    assert caught.value.problem.code == "prompt_no_text"
    assert watched.engine.health.state is EngineState.READY


async def test_the_answer_stops_where_the_context_is_full(watched: Watched) -> None:
    params = msgspec.structs.replace(GREEDY, max_tokens=5_000)
    events = await collect(watched.engine.generate(ask("la " * 1_015, params, role="raw")))
    finished = finish_of(events)
    assert finished.reason is FinishReason.LENGTH
    assert (finished.prompt_tokens or 0) + finished.answer_tokens == 1024


async def test_an_empty_raw_prompt_is_answered(watched: Watched) -> None:
    assert finish_of(await collect(watched.engine.generate(ask("", role="raw")))).prompt_tokens == 1


async def test_runs_asked_together_are_done_one_after_the_other(watched: Watched) -> None:
    answers = await asyncio.gather(*(collect(watched.engine.generate(ask(f"Say {n}."))) for n in range(3)))
    alone = [await collect(watched.engine.generate(ask(f"Say {n}."))) for n in range(3)]
    assert [text_of(events) for events in answers] == [text_of(events) for events in alone]


@pytest.mark.parametrize("number", [0, 1, 2**63, 2**256 - 1], ids=["zero", "one", "large", "the largest"])
async def test_whatever_numbers_the_chain_holds_the_run_ends_with_an_answer(
    watched: Watched, number: int
) -> None:
    applied, clamps = fit(asked_from_llm_params((number,) * 7), 1024, None)
    run = ask("Say yes.", msgspec.structs.replace(applied, max_tokens=min(applied.max_tokens, 8)))
    assert finish_of(await collect(watched.engine.generate(run))).answer_tokens > 0
    assert bool(clamps) == (number != 1)
