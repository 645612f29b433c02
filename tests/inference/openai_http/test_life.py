"""A server that is not there yet, goes away, comes back, hangs, or is another one by now."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.inference import EngineState, FinishReason, Token
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.choosing import choose_engine
from cortensor_tui.settings import env_line, load_settings
from tests.inference.engines import ask, collect, finish_of, text_of
from tests.inference.openai_http.told_server import (
    HELLO,
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


async def test_the_model_of_the_settings_is_asked_for() -> None:
    async with told_server(PLAIN_PAGES) as server, started(server.url, model="two") as watched:
        await collect(watched.engine.generate(ask("Hello")))
        assert server.posts[0].payload["model"] == "two"
        assert watched.engine.health.model == "two"


async def test_a_model_that_the_server_has_not_is_told_with_those_it_has() -> None:
    async with told_server(PLAIN_PAGES) as server:
        watched = Watched(server.url, model="three")
        with pytest.raises(ProblemError) as caught:
            await watched.engine.start()
        assert "no model three. It lists plain/one, two" in caught.value.problem.sentence()
        await watched.engine.stop()


@pytest.mark.parametrize("page", [{"hello": "world"}, b"<html>", {"data": []}])
async def test_what_is_no_model_server_is_told(page: object) -> None:
    async with told_server({"/v1/models": page}) as server:
        watched = Watched(server.url)
        with pytest.raises(ProblemError) as caught:
            await watched.engine.start()
        assert caught.value.problem.code == "engine_failed"
        assert watched.engine.health.state is FAILED
        assert caught.value.problem.remedy
        await watched.engine.stop()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "hung up. It hung up"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "gives no usable answer. It does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[", "hung up in the middle of its answer"),
        (b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"data": [', "something that is no JSON"),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "refuses requests. HTTP 301"),
    ],
    ids=["hangs up", "SSH", "cut off", "half a list", "sends elsewhere"],
)
async def test_what_speaks_otherwise_is_told(said: bytes, words: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        watched = Watched(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(ProblemError) as caught:
            await watched.engine.start()
        await watched.engine.stop()
    assert words in caught.value.problem.sentence()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes the certificate, is absent")
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"),
        *("-keyout", str(key), "-out", str(certificate)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        watched = Watched(f"https://localhost:{server.sockets[0].getsockname()[1]}", token="s3cret")
        with pytest.raises(ProblemError) as caught:
            await watched.engine.start()
        await watched.engine.stop()
    assert "its certificate is not trusted here" in caught.value.problem.why
    assert not any(asked)


async def test_a_wrong_token_is_told_without_it() -> None:
    async with told_server() as server:
        server.token = "right"
        watched = Watched(server.url, token="wr0ng-s3cret")
        with pytest.raises(ProblemError) as caught:
            await watched.engine.start()
        assert "CORTENSOR_TUI_ENGINE_TOKEN" in caught.value.problem.remedy
        assert "no such token" in caught.value.problem.why
        assert "s3cret" not in caught.value.problem.sentence() + str(watched.healths)
        await watched.engine.stop()


async def test_the_token_is_sent_with_every_request() -> None:
    async with told_server() as server:
        server.token = "right"
        async with started(server.url, token="right") as watched:
            assert text_of(await collect(watched.engine.generate(ask("Hello")))) == "Hello!"
        assert {asked.headers["Authorization"] for asked in server.asked} == {"Bearer right"}


async def test_a_token_file_is_read_again_at_each_start(tmp_path: Path) -> None:
    async with told_server() as server:
        server.token = "right"
        lines = {
            "HOST": "http://127.0.0.1:1",
            "CHAINID": "31337",
            "NODE_PRIVATE_KEY": "0x" + "11" * 32,
            "CORTENSOR_TUI_ENGINE": "http",
            "CORTENSOR_TUI_ENGINE_URL": f"{server.url}/v1/",
            "CORTENSOR_TUI_ENGINE_TOKEN_FILE": "token",
        }
        env, token = tmp_path / ".env", tmp_path / "token"
        env.write_text("".join(env_line(key, value) for key, value in lines.items()))
        engine = choose_engine(load_settings(env, {}), tmp_path / "no.gguf", lambda health: None)
        with pytest.raises(ProblemError) as caught:
            await engine.start()
        assert caught.value.problem.code == "private_file_missing"
        token.write_text("right\n")
        token.chmod(0o644)
        with pytest.raises(ProblemError) as caught:
            await engine.start()
        assert "chmod 600" in caught.value.problem.remedy
        token.chmod(0o600)
        await engine.start()
        assert engine.health.state is READY
        await engine.stop()


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
