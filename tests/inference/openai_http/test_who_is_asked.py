"""Which model of which server is asked, in whose name, and what is not asked at all."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from pathlib import Path

import pytest

from cortensor_tui.domain.inference import EngineState
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.inference.choosing import choose_engine
from cortensor_tui.settings import env_line, load_settings
from tests.inference.engines import ask, collect, text_of
from tests.inference.openai_http.told_server import (
    PLAIN_PAGES,
    Script,
    event,
    told_server,
)
from tests.inference.openai_http.watched import Watched, started

FAILED, READY = EngineState.FAILED, EngineState.READY


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


async def test_a_server_that_repeats_the_token_in_its_stream_is_told_without_it() -> None:
    async with told_server() as server:
        server.scripts.append(Script(pieces=(event({"error": {"message": "wr0ng-s3cret is spent"}}),)))
        async with started(server.url, token="wr0ng-s3cret") as watched:
            with pytest.raises(ProblemError) as caught:
                await collect(watched.engine.generate(ask("Hello")))
        assert "is spent" in caught.value.problem.why
        assert "s3cret" not in caught.value.problem.sentence()


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
