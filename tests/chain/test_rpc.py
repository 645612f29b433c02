"""The JSON-RPC client before endpoints that do what public endpoints do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cortensor_tui.chain.rpc.client import RpcClient, RpcError, quantity
from cortensor_tui.chain.signing.signer import Signer
from cortensor_tui.domain.problems import ProblemError


class Endpoint:
    """Answers every request with the same response, under a path that is a secret."""

    def __init__(self) -> None:
        self.response = {"status": 200, "body": b"{}"}
        self.location: str | None = None
        app = web.Application()
        app.router.add_post("/v3/SECRETTOKEN", self._answer)
        self.server = TestServer(app)

    async def _answer(self, request: web.Request) -> web.Response:
        if self.location:
            raise web.HTTPTemporaryRedirect(self.location)
        status, body = self.response["status"], self.response["body"]
        assert isinstance(status, int)
        assert isinstance(body, bytes)
        return web.Response(status=status, body=body, content_type="application/json")

    @property
    def url(self) -> str:
        return str(self.server.make_url("/v3/SECRETTOKEN"))


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    await endpoint.server.start_server()
    yield endpoint
    await endpoint.server.close()


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b'{"message": "Too many requests"}'),
        (502, b"<html>bad gateway</html>"),
        (200, b"<html>a captive portal</html>"),
        (200, b"{}"),
        (200, b"null"),
        (200, b'"text"'),
        (200, b"\xff\xfe"),
        (200, b""),
        (200, DEEP),
        (200, b'{"id": 1, "result": ' + DEEP),
    ],
    ids=["429", "502", "portal", "empty", "null", "text", "bytes", "nothing", "deep", "deep result"],
)
async def test_what_is_no_answer_is_no_success(endpoint: Endpoint, status: int, body: bytes) -> None:
    Signer("0x" + "11" * 32, 1)  # its library has raised the recursion limit, as in a node
    endpoint.response = {"status": status, "body": body}
    client = RpcClient(endpoint.url)
    with pytest.raises(ProblemError) as told:
        await client.call("eth_sendRawTransaction", "0x00")
    assert told.value.problem.code == "no_rpc"
    assert "SECRETTOKEN" not in str(told.value)
    with pytest.raises(ProblemError):
        await client.batch([("eth_chainId", ())])
    await client.close()


@pytest.mark.parametrize(
    "body", [b"[]", b'[{"id":[1]}]', b"[null]", b'[{"id":1}]', b'[{"jsonrpc":"2.0"}]', b"[[]]"]
)
async def test_a_call_left_out_of_a_batch_is_an_error_in_its_place(endpoint: Endpoint, body: bytes) -> None:
    endpoint.response = {"status": 200, "body": body}
    client = RpcClient(endpoint.url)
    [answer] = await client.batch([("eth_chainId", ())])
    assert isinstance(answer, RpcError)
    await client.close()


async def test_an_error_of_the_endpoint_keeps_its_words(endpoint: Endpoint) -> None:
    body = b'{"id": 1, "error": {"code": -32005, "message": "rate limit", "data": "0x"}}'
    endpoint.response = {"status": 400, "body": body}
    client = RpcClient(endpoint.url)
    with pytest.raises(RpcError) as told:
        await client.call("eth_chainId")
    assert (told.value.code, told.value.message, told.value.data) == (-32005, "rate limit", "0x")
    await client.close()


async def test_a_redirect_is_not_followed_and_its_token_not_told(endpoint: Endpoint) -> None:
    endpoint.location = endpoint.url
    client = RpcClient(endpoint.url)
    with pytest.raises(ProblemError) as told:
        await client.call("eth_sendRawTransaction", "0x00")
    assert told.value.problem.code == "no_rpc"
    assert "SECRETTOKEN" not in str(told.value)
    await client.close()


@pytest.mark.parametrize("value", [None, "banana", 5, "-0x1", hex(2**256), [], "0x"])
def test_a_number_that_is_none_is_a_problem(value: object) -> None:
    with pytest.raises(ProblemError) as told:
        quantity(value)
    assert told.value.problem.code == "bad_answer"
