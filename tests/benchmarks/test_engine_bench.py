"""The engine's benchmark gives what its documentation names, and asks llama.cpp's own programs rightly."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from benchmarks.engine import llama_bench
from benchmarks.engine.answers import Answer, Load, Speed, one_after_another_tokens_per_s
from benchmarks.engine.at_once import SIZES, Compared
from benchmarks.engine.engine_made import EngineMade
from benchmarks.engine.figures import GOALS, Measured, Subject, figures, table
from benchmarks.engine.llama_server import LlamaServer, Question, llama_server
from benchmarks.engine.one_stream import Round, Speeds
from benchmarks.engine.prompts import next_prompt
from benchmarks.engine.yardsticks import llama_cpp_version, yardstick
from benchmarks.processes import BenchmarkError
from tests.benchmarks.documented import MACHINE, check_figures, figures_of, without_machine

ROUND = Round(
    node=Speeds(prefill=970.0, decode=98.0), bench=Speeds(prefill=1000.0, decode=100.0),
    binding=Speeds(prefill=900.0, decode=90.0), prompt_tokens=300, answer_tokens=256,
    ttft_added_ms=7.0, handover_ms=9.0,
)  # fmt: skip
COMPARED = Compared(
    node=Speed(120.0, 0.5), serial_tokens_per_s=90.0,
    server=Speed(110.0, 0.4), split_server=Speed(130.0, 0.5),
)  # fmt: skip
ENGINE = EngineMade(decode_threads=1, prefill_threads=1, batch_tokens=512, slots=2)
MEASURED = Measured(
    subject=Subject(
        model="a model", llama_cpp="1", engine=ENGINE, batch_answer_tokens=96,
    ),
    rounds=[ROUND],
    loads={size: [COMPARED] for size in SIZES},
)  # fmt: skip
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\n\n'
TEXT = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}\n\n'
needs_yardsticks = pytest.mark.skipif(
    not yardstick("llama-server").is_file(), reason="llama-bench and llama-server: `make yardsticks`"
)


def test_every_figure_is_documented_and_every_goal_is_a_figure() -> None:
    found = figures(MACHINE, MEASURED)
    documented = {
        key.replace("N", str(size)): kind for key, kind in figures_of("The engine").items() for size in SIZES
    }

    check_figures(without_machine(found), documented, GOALS)


def test_the_table_tells_which_goals_are_met() -> None:
    lines = table(figures(MACHINE, MEASURED)).splitlines()

    assert any(line.startswith("decode_ratio ") and ">= 0.97 met" in line for line in lines)
    assert any(line.startswith("ttft_added_ms ") and "<= 5 MISSED" in line for line in lines)
    assert any(line.startswith("batch4_ratio_serial ") and ">= 1.2 met" in line for line in lines)
    assert any(line.startswith("batch4_ttft_ratio_server ") and "<= 1 MISSED" in line for line in lines)


def test_a_load_counts_from_its_first_question_and_a_row_only_while_it_works() -> None:
    answers = (answer(10.0, 11.0, 12.0), answer(10.5, 13.0, 14.0))

    assert Load(answers).tokens_per_s == 2 * 8 / 4.0
    assert Load(answers).ttft_max_s == 2.5
    assert one_after_another_tokens_per_s(answers) == 2 * 8 / 5.5


def answer(asked_at: float, first_token_at: float, last_token_at: float) -> Answer:
    return Answer(
        asked_at=asked_at, first_token_at=first_token_at, last_token_at=last_token_at,
        prompt_tokens=5, answer_tokens=8,
    )  # fmt: skip


def test_prompts_differ_from_their_first_words_on() -> None:
    begins = [next_prompt(4)[:9] for _ in range(50)]

    assert len(set(begins)) == 50


async def test_the_first_text_is_the_first_token() -> None:
    async with scripted(ROLE, TEXT, TEXT, USAGE, b"data: [DONE]\n\n") as (server, asked):
        told = await server.answer(Question("hello", 2))

    assert (told.prompt_tokens, told.answer_tokens) == (7, 2)
    assert told.asked_at <= told.first_token_at <= told.last_token_at
    assert (asked[0]["max_tokens"], asked[0]["stream"], asked[0]["ignore_eos"]) == (2, True, True)


@pytest.mark.parametrize(
    ("chunks", "tokens"),
    [((ROLE, TEXT, USAGE), 3), ((ROLE, USAGE), 2), ((ROLE, TEXT), 2)],
    ids=["another length", "no text at all", "broken off"],
)
async def test_an_answer_that_is_not_what_was_asked_is_no_figure(
    chunks: tuple[bytes, ...], tokens: int
) -> None:
    async with scripted(*chunks) as (server, _):
        with pytest.raises(BenchmarkError, match=f"not {tokens} tokens"):
            await server.answer(Question("hello", tokens))


@asynccontextmanager
async def scripted(*chunks: bytes) -> AsyncIterator[tuple[LlamaServer, list[dict[str, Any]]]]:
    """Serve these bytes as the stream of every completion; what was asked is in the list."""
    asked: list[dict[str, Any]] = []

    async def complete(request: web.Request) -> web.StreamResponse:
        asked.append(await request.json())
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as http:
        yield LlamaServer(f"http://127.0.0.1:{runner.addresses[0][1]}", http), asked
    await runner.cleanup()


@pytest.mark.real
@needs_yardsticks
async def test_the_yardsticks_run_on_the_libllama_of_the_engine(default_model: Path) -> None:
    assert re.match(r"\d+\.\d+", await llama_cpp_version())
    assert await llama_bench.prefill_tokens_per_s(default_model, 512, 1, tokens=16) > 0
    assert await llama_bench.decode_tokens_per_s(default_model, 512, 1, depth=16, tokens=4) > 0


@pytest.mark.real
@needs_yardsticks
async def test_a_real_server_answers_two_at_once(default_model: Path) -> None:
    async with llama_server(default_model, slots=2, context_tokens=512, engine=ENGINE) as server:
        load = await server.answer_all([Question(next_prompt(1), 6), Question(next_prompt(1), 6)])

    assert [one.answer_tokens for one in load.answers] == [6, 6]
    assert load.answers[0].prompt_tokens == load.answers[1].prompt_tokens
    assert load.tokens_per_s > 0
