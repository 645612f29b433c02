"""The HTTP server: framing, batches, limits, and who may ask."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cortensor_tui.devnet import rpc_server
from cortensor_tui.devnet.rpc_server import RpcServer
from cortensor_tui.domain.problems import ProblemError
from tests.devnet_chain.conftest import Lab

_DEEP = b"[" * 100_000
_JSON = {"content-type": "application/json"}


async def echo(values: object) -> object:
    """Answer with the parameters."""
    return values


async def broken(values: object) -> object:
    """Fail as a programming error does."""
    raise ZeroDivisionError(f"a secret and {values}")


@pytest.fixture
async def server() -> AsyncIterator[RpcServer]:
    """A server of two methods."""
    running = RpcServer({"echo": echo, "broken": broken})
    await running.start(0)
    yield running
    await running.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A bare HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


def call(identifier: object, method: object = "echo", params: object = None) -> dict[str, Any]:
    """Return one call."""
    return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}


async def ask(server: RpcServer, message: object) -> Any:
    """Return the answer to a message."""
    answer = await server.answer(msgspec.json.encode(message))
    return None if answer is None else msgspec.json.decode(answer)


async def test_a_call_is_answered_under_its_id(server: RpcServer) -> None:
    for identifier in (1, "a", None, 1.5):
        assert await ask(server, call(identifier, params=[7])) == {
            "jsonrpc": "2.0",
            "id": identifier,
            "result": [7],
        }


async def test_an_unknown_method_is_said(server: RpcServer) -> None:
    error = (await ask(server, call(1, "evm_mine")))["error"]
    assert error == {"code": -32601, "message": "the method evm_mine does not exist or is not available"}


async def test_one_bad_call_in_a_batch_does_not_harm_the_others(server: RpcServer) -> None:
    batch = [call(1, params=[1]), 5, call(2, "nope"), call(3, "broken"), {"id": 4}, [], call({}), call(5)]
    answers = await ask(server, batch)
    codes = [one.get("error", {}).get("code") for one in answers]
    assert codes == [None, -32600, -32601, -32603, -32600, -32600, -32600, None]
    assert [one["id"] for one in answers] == [1, None, 2, 3, 4, None, None, 5]


async def test_notifications_get_no_answer(server: RpcServer, http: aiohttp.ClientSession) -> None:
    silent = {"jsonrpc": "2.0", "method": "echo"}
    assert await ask(server, silent) is None
    assert await ask(server, [silent, silent]) is None
    assert len(await ask(server, [silent, call(1)])) == 1
    async with http.post(server.url, json=[silent]) as response:
        assert (response.status, await response.read()) == (204, b"")


async def test_an_internal_fault_is_a_sentence_and_its_trace_is_only_logged(server: RpcServer) -> None:
    with capture_logs() as log:
        answer = await ask(server, call(1, "broken", ["x"]))
    assert answer["error"] == {"code": -32603, "message": "internal error: the chain's log says more"}
    assert [(one["event"], one["method"], one["log_level"]) for one in log] == [
        ("devnet.rpc_failed", "broken", "error")
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"nul",
        b'{"a":1}{',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[]" * 100 + b"[" * 100_000,
    ],
    ids=["empty", "open", "no-utf8", "word", "two", "deep-arrays", "deep-objects", "deep-late"],
)
async def test_what_is_not_json_is_a_parse_error(server: RpcServer, body: bytes) -> None:
    answer = msgspec.json.decode(await server.answer(body) or b"")
    assert (answer["id"], answer["error"]["code"]) == (None, -32700)


async def test_brackets_in_strings_are_not_nesting(server: RpcServer) -> None:
    text = "[{" * 1_000 + '"\\'
    assert (await ask(server, [call(1, params=[text])] * 100))[99]["result"] == [text]


@given(body=st.binary(max_size=60) | st.text(alphabet='[]{}",:01eE+-.aid ').map(str.encode))
async def test_any_body_gets_json_or_nothing(body: bytes) -> None:
    answer = await RpcServer({"echo": echo}).answer(body)
    assert answer is None or msgspec.json.decode(answer)


async def test_a_batch_is_neither_empty_nor_longer_than_the_limit(server: RpcServer) -> None:
    assert (await ask(server, []))["error"]["code"] == -32600
    assert len(await ask(server, [call(1)] * 1_000)) == 1_000
    error = (await ask(server, [call(1)] * 1_001))["error"]
    assert error["message"] == "invalid request: the batch has 1001 calls, at most 1000 are taken"


async def test_a_batch_whose_answer_grows_too_large_is_cut_call_by_call(
    server: RpcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpc_server, "MAX_ANSWER_BYTES", 1_000)
    answers = await ask(server, [call(number, params=["x" * 600]) for number in range(4)])
    assert [one.get("error", {}).get("code") for one in answers] == [None, None, -32005, -32005]
    assert [one["id"] for one in answers] == [0, 1, 2, 3]


async def test_a_call_that_takes_too_long_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(values: object) -> object:
        await asyncio.Event().wait()
        return values

    monkeypatch.setattr(rpc_server, "REQUEST_TIMEOUT_S", 0.01)
    answers = await ask(RpcServer({"never": never, "echo": echo}), [call(1, "never"), call(2, "never")])
    assert [one["error"]["code"] for one in answers] == [-32005, -32005]


async def test_a_body_over_the_limit_is_refused(server: RpcServer, http: aiohttp.ClientSession) -> None:
    async with http.post(server.url, data=b" " * (5 * 1024 * 1024 + 1), headers=_JSON) as response:
        assert response.status == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (_JSON, 200),
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        (_JSON | {"host": "localhost:8545"}, 200),
        (_JSON | {"host": "LOCALHOST"}, 200),
        (_JSON | {"host": "[::1]:8545"}, 200),
        (_JSON | {"host": "evil.example:8545"}, 403),
        (_JSON | {"host": "127.0.0.1.evil.example"}, 403),
    ],
)
async def test_a_web_page_of_elsewhere_cannot_ask(
    server: RpcServer, http: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    async with http.post(server.url, data=msgspec.json.encode(call(1)), headers=headers) as response:
        assert response.status == status
        assert "access-control-allow-origin" not in response.headers


async def test_it_listens_on_this_machine_only(server: RpcServer) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    for other in ("127.0.0.2", "0.0.0.0"):
        with socket.socket() as probe:
            probe.bind((other, 0))
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.2", int(port)))


async def test_a_taken_port_is_a_problem_with_a_remedy(server: RpcServer) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    with pytest.raises(ProblemError) as caught:
        await RpcServer({}).start(port)
    assert f"127.0.0.1:{port}" in caught.value.problem.what
    assert "--port" in caught.value.problem.remedy


async def test_a_hundred_clients_at_once_are_served(lab: Lab) -> None:
    calls = [lab.rpc.call("eth_getBalance", lab.alice.address, "latest") for _ in range(100)]
    assert len(set(await asyncio.gather(*calls))) == 1
