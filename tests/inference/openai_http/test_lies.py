"""Whatever a server sends, a run ends in its answer or in words about the server, and the node goes on."""

from __future__ import annotations

import asyncio
import gzip

import msgspec
import pytest

from cortensor_tui.domain.inference import FinishReason, GenerationEvent, Prefilled, Token
from cortensor_tui.domain.problems import ProblemError
from tests.inference.engines import GREEDY, ask, collect, finish_of, text_of
from tests.inference.openai_http.told_server import (
    DONE,
    HELLO,
    PLAIN_PAGES,
    USAGE,
    VLLM_PAGES,
    Script,
    end_of,
    event,
    piece_of,
    told_server,
)
from tests.inference.openai_http.watched import ASSUMED_CONTEXT_TOKENS, QUICK, answer_to, problem_of, started

BROKEN = (
    b"data: {]\n\n",
    b"data: 7\n\n",
    b'data: "text"\n\n',
    b"data: \xff\xfe{}\n\n",
    b"data: " + b"[" * 100_000 + b"\n\n",
)


FOREVER = asyncio.Event


async def test_an_answer_is_its_pieces_joined_with_what_the_server_counted() -> None:
    events = await answer_to(HELLO)
    assert text_of(events) == "Hello!"
    finished = finish_of(events)
    assert (finished.reason, finished.prompt_tokens, finished.answer_tokens) == (FinishReason.STOP, 12, 3)
    assert finished.first_token_ms is not None


async def test_what_llama_server_measured_is_taken_from_its_stream() -> None:
    progress = {"total": 20, "cache": 5, "processed": 20, "time_ms": 40}
    timings = {"cache_n": 5, "prompt_n": 15, "prompt_ms": 41.5, "predicted_n": 9, "predicted_ms": 80.0}
    events = await answer_to(
        (
            event(
                {"choices": [{"delta": {"role": "assistant", "content": None}}], "prompt_progress": progress}
            ),
            piece_of("Hi"),
            end_of("length", timings=timings),
            DONE,
        )
    )
    assert events[1] == Prefilled(prompt_tokens=20, prefill_ms=40.0)
    finished = finish_of(events)
    assert finished.reason is FinishReason.LENGTH
    assert (finished.prompt_tokens, finished.reused_tokens, finished.answer_tokens) == (20, 5, 9)
    assert (finished.prefill_ms, finished.decode_ms) == (41.5, 80.0)


async def test_a_server_that_counts_nothing_leaves_the_prompts_length_unknown() -> None:
    events = await answer_to((piece_of("Hel"), piece_of("lo"), end_of(), DONE), PLAIN_PAGES)
    assert all(isinstance(one, Token) for one in events[1:-1])
    finished = finish_of(events)
    assert (finished.prompt_tokens, finished.answer_tokens) == (None, 2)
    assert finished.prefill_tokens_per_s is None


async def test_a_stream_that_only_ends_is_whole_when_it_gave_a_reason() -> None:
    assert text_of(await answer_to((piece_of("Hello"), end_of()))) == "Hello"


async def test_a_run_broken_off_for_another_ones_sake_is_no_answer() -> None:
    """As llama-cpp-python's server does it: with the sign of a whole stream, and no reason."""
    role = event({"choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": None}]})
    for pieces in ((role, DONE), (role, piece_of("Hel"), DONE)):
        async with told_server() as server:
            server.scripts.append(Script(pieces=pieces))
            problem = await problem_of(server)
        assert problem.code == "engine_died"
        assert "before the answer was whole" in problem.why


async def test_zeros_before_the_end_of_a_text_are_no_counts() -> None:
    """As Ollama's /v1/completions counts: nothing in each event, and all of it in the last."""
    nothing = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}

    def piece(text: str, reason: str | None = None) -> bytes:
        return event({"choices": [{"index": 0, "text": text, "finish_reason": reason}], "usage": nothing})

    last = event({"choices": [], "usage": USAGE})
    events = await answer_to((piece("Hel"), piece("lo"), piece("", "stop"), last, DONE), PLAIN_PAGES)
    assert not [one for one in events if isinstance(one, Prefilled) and one.prompt_tokens == 0]
    finished = finish_of(events)
    assert (text_of(events), finished.prompt_tokens, finished.answer_tokens) == ("Hello", 12, 3)


async def test_a_character_may_be_cut_between_two_packets() -> None:
    whole = b"".join((piece_of("Größe 🙂"), end_of(), DONE))
    for place in range(1, len(whole)):
        if whole[place] & 0xC0 == 0x80:  # in the middle of a character
            assert text_of(await answer_to((whole[:place], whole[place:]))) == "Größe 🙂"


async def test_a_megabyte_in_one_line_is_an_answer_where_so_much_was_asked_for() -> None:
    text = "la " * 400_000
    async with told_server() as server, started(server.url) as watched:
        server.scripts.append(Script(pieces=(piece_of(text), end_of(), DONE)))
        asked = ask("Sing.", msgspec.structs.replace(GREEDY, max_tokens=400_000))
        assert text_of(await collect(watched.engine.generate(asked))) == text


async def test_far_more_than_was_asked_for_is_cut_off() -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("x" * 1_000_000), end_of(), DONE)))
        problem = await problem_of(server)
    assert problem.code == "engine_died"
    assert "more than the tokens" in problem.why


@pytest.mark.parametrize("piece", BROKEN, ids=["half", "number", "text", "no UTF-8", "nested"])
async def test_what_is_no_event_fails_the_run(piece: bytes) -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("Hel"), piece)))
        problem = await problem_of(server)
    assert problem.code == "engine_died"
    assert problem.why.startswith("it sent")


async def test_half_a_pair_of_surrogates_is_no_text() -> None:
    lone = b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n'
    async with told_server() as server:
        server.scripts.append(Script(pieces=(lone, end_of(), DONE)))
        problem = await problem_of(server)
    assert problem.code == "engine_died"


async def test_parts_of_the_wrong_kind_are_left_out() -> None:
    odd = [
        {"choices": 7},
        {"choices": [None]},
        {"choices": [{"delta": [1]}]},
        {"usage": "many"},
        {"timings": []},
    ]
    assert text_of(await answer_to((*(event(one) for one in odd), *HELLO))) == "Hello!"


async def test_a_stream_that_ends_early_fails_the_run() -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("Hel"),)))
        problem = await problem_of(server)
    assert problem.code == "engine_died"
    assert "before the answer was whole" in problem.why


async def test_a_connection_that_breaks_fails_the_run_and_not_the_engine() -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("Hel"),), is_broken_off=True))
        problem = await problem_of(server)
    assert problem.code == "engine_died"
    assert "hung up" in problem.why
    assert "run again" in problem.remedy


@pytest.mark.parametrize(
    "error",
    [
        event({"error": {"code": 500, "message": "out of memory", "type": "server_error"}}),
        b'error: {"code":500,"message":"out of memory"}\n\n',
        event({"object": "error", "message": "out of memory"}),
        event({"error": "out of memory"}),
    ],
)
async def test_an_error_in_the_stream_fails_the_run_in_the_servers_words(error: bytes) -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("Hel"), error)))
        problem = await problem_of(server)
    assert (problem.code, problem.why) == ("engine_died", "it said: out of memory")


async def test_a_run_that_was_aborted_there_is_no_answer() -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(piece_of("Hel"), end_of("abort"), DONE)))
        assert (await problem_of(server)).code == "engine_died"


async def test_a_stream_in_which_nothing_comes_is_given_up() -> None:
    patience = msgspec.structs.replace(QUICK, stall_s=0.2)
    async with told_server() as server, started(server.url, patience) as watched:
        server.scripts.append(Script(pieces=(piece_of("Hel"), b": ping\n\n", FOREVER())))
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(ask("Hello")))
        assert caught.value.problem.code == "engine_died"
        assert "nothing came for" in caught.value.problem.why
        await server.gone.wait()


async def test_a_whole_answer_is_not_lost_where_the_server_keeps_the_line_open() -> None:
    patience = msgspec.structs.replace(QUICK, counts_s=0.05)
    async with told_server(PLAIN_PAGES) as server, started(server.url, patience) as watched:
        server.scripts.append(Script(pieces=(piece_of("whole"), end_of(), FOREVER())))
        events = await collect(watched.engine.generate(ask("Hello")))
    assert text_of(events) == "whole"
    assert finish_of(events).reason is FinishReason.STOP


async def test_an_answer_that_has_begun_does_not_begin_again() -> None:
    error = event({"error": {"message": "too long", "code": "context_length_exceeded"}})
    async with told_server(VLLM_PAGES) as server, started(server.url) as watched:
        counted = Script(pieces=(b'{"count": 20}',))
        server.scripts += [Script(pieces=(piece_of("Hello "), error)), counted, Script(pieces=HELLO)]
        told: list[GenerationEvent] = []
        run = watched.engine.generate(ask("Hello", msgspec.structs.replace(GREEDY, max_tokens=90)))

        async def read() -> None:
            async for one in run:
                told.append(one)

        with pytest.raises(ProblemError):
            await read()
    assert text_of(told) == "Hello "


async def test_a_redirect_is_not_followed() -> None:
    async with told_server() as thief, told_server() as server:
        server.scripts.append(Script(status=307, headers={"Location": f"{thief.url}/v1/chat/completions"}))
        problem = await problem_of(server)
        assert thief.asked == []
    assert problem.code == "engine_refused"


async def test_what_is_compressed_unasked_is_not_unpacked() -> None:
    async with told_server() as server:
        packed = gzip.compress(b"".join(HELLO))
        server.scripts.append(Script(pieces=(packed,), headers={"Content-Encoding": "gzip"}))
        problem = await problem_of(server)
        assert server.posts[0].headers["Accept-Encoding"] == "identity"
    assert problem.code == "engine_died"


async def test_each_request_has_a_connection_of_its_own() -> None:
    async with told_server() as server, started(server.url) as watched:
        for _ in range(20):
            await collect(watched.engine.generate(ask("Hello")))
        ports = [asked.port for asked in server.asked]
        assert len(set(ports)) == len(ports) >= 22
        assert all(asked.headers.get("Connection", "").lower() == "close" for asked in server.asked)


async def test_a_prompt_of_ten_megabytes_arrives_whole() -> None:
    prompt = "word " * 2_000_000
    async with told_server() as server, started(server.url) as watched:
        assert text_of(await collect(watched.engine.generate(ask(prompt)))) == "Hello!"
        assert server.posts[0].payload["messages"][0]["content"] == prompt


async def test_half_a_pair_in_the_prompt_never_reaches_the_server() -> None:
    async with told_server() as server, started(server.url) as watched:
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(ask("half a pair: \ud83e")))
        assert caught.value.problem.code == "prompt_no_text"
        assert server.posts == []


async def test_a_context_that_is_not_told_is_the_one_of_the_settings() -> None:
    async with told_server(PLAIN_PAGES) as server, started(server.url) as watched:
        health = watched.engine.health
        assert health.context_tokens == ASSUMED_CONTEXT_TOKENS
        assert health.facts is not None
        assert health.facts.context_tokens is None
        assert (health.model, health.engine) == ("one", f"OpenAI-compatible server at {server.url}")
