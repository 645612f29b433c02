"""What a server refuses: prompts that do not fit, tasks, and too many at once."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from cortensor_tui.domain.problems import ProblemError
from tests.inference.engines import GREEDY, ask, collect, text_of
from tests.inference.openai_http.told_server import (
    HELLO,
    VLLM_PAGES,
    Script,
    told_server,
)
from tests.inference.openai_http.watched import QUICK, problem_of, started


@pytest.mark.parametrize(
    "said",
    [
        {"type": "exceed_context_size_error", "message": "too large", "n_prompt_tokens": 5000, "n_ctx": 1024},
        {"code": "context_length_exceeded", "message": "too many"},
        {"message": "This model's maximum context length is 1024 tokens. However, you requested 5000"},
    ],
)
async def test_a_prompt_that_does_not_fit_is_told_as_such(said: dict[str, Any]) -> None:
    async with told_server() as server:
        refused = json.dumps({"error": said}).encode()
        server.scripts.append(Script(pieces=(refused,), status=400))
        problem = await problem_of(server)
    assert problem.code == "prompt_too_long"
    assert "1024 tokens" in problem.what


TOO_LONG = Script(
    pieces=(b'{"object":"error","message":"maximum context length is 100 tokens"}',), status=400
)


@pytest.mark.parametrize("prompt_tokens", [1, 76, 99])
async def test_an_answers_limit_that_does_not_fit_beside_the_prompt_is_shortened(prompt_tokens: int) -> None:
    async with told_server(VLLM_PAGES) as server, started(server.url) as watched:
        counted = Script(pieces=(json.dumps({"count": prompt_tokens, "max_model_len": 100}).encode(),))
        server.scripts.extend([TOO_LONG, counted, Script(pieces=HELLO)])
        asked = ask("Hello", msgspec.structs.replace(GREEDY, max_tokens=100))
        assert text_of(await collect(watched.engine.generate(asked))) == "Hello!"
        assert [post.path for post in server.posts][1] == "/tokenize"
        assert server.posts[1].payload["messages"] == server.posts[0].payload["messages"]
        assert server.posts[2].payload["max_tokens"] == 100 - prompt_tokens


@pytest.mark.parametrize("counted", [b'{"count": 100}', b'{"count": "many"}', b"{]", b'{"count": -1}'])
async def test_a_prompt_that_fills_the_context_is_refused_for_good(counted: bytes) -> None:
    async with told_server(VLLM_PAGES) as server, started(server.url) as watched:
        server.scripts.extend([TOO_LONG, Script(pieces=(counted,)), TOO_LONG, TOO_LONG])
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(ask("Hello")))
        assert caught.value.problem.code == "prompt_too_long"
        assert len(server.posts) == 2


async def test_a_task_that_the_server_refuses_is_not_asked_again() -> None:
    async with told_server() as server:
        refused = json.dumps({"error": {"message": "min_p\x1b[2J is unknown"}}).encode()
        server.scripts.append(Script(pieces=(refused,), status=400))
        problem = await problem_of(server)
        assert len(server.posts) == 2  # the refused one, and the one after that
    assert problem.code == "engine_refused"
    assert problem.why == "HTTP 400: min_p␛[2J is unknown"


async def test_no_problem_repeats_the_prompt() -> None:
    prompt = "The launch code is seventeen blue giraffes."
    async with told_server() as server:
        refused = json.dumps({"error": {"message": f"cannot take {{'content': '{prompt}'}}"}}).encode()
        server.scripts.append(Script(pieces=(refused,), status=400))
        problem = await problem_of(server, prompt)
    assert problem.code == "engine_refused"
    assert "giraffes" not in problem.sentence()
    assert "HTTP 400" in problem.why


async def test_a_busy_server_is_asked_again_after_pauses() -> None:
    async with told_server() as server, started(server.url) as watched:
        busy = Script(status=429, headers={"Retry-After": "0"})
        server.scripts.extend([busy, busy, Script(pieces=HELLO)])
        assert text_of(await collect(watched.engine.generate(ask("Hello")))) == "Hello!"
        assert len(server.posts) == 3


async def test_a_server_that_stays_busy_is_told() -> None:
    patience = msgspec.structs.replace(QUICK, busy_s=0.05)
    async with told_server() as server, started(server.url, patience) as watched:
        server.scripts.extend(Script(status=429) for _ in range(100))
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(ask("Hello")))
        assert caught.value.problem.code == "engine_busy"
        assert 1 < len(server.posts) < 100


async def test_a_busy_server_is_not_waited_for_beyond_the_deadline() -> None:
    async with told_server() as server, started(server.url) as watched:
        server.scripts.extend(Script(status=429, headers={"Retry-After": "3600"}) for _ in range(100))
        asked = msgspec.structs.replace(ask("Hello"), deadline_at=1.0)  # in 1970
        with pytest.raises(ProblemError) as caught:
            await collect(watched.engine.generate(asked))
        assert caught.value.problem.code == "engine_busy"
        assert len(server.posts) == 1
