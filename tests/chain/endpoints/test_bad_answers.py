"""Endpoints that answer nonsense: the caller gets an error, never a wrong result, and another is asked."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from cortensor_tui.chain.endpoints import batcher, parts
from cortensor_tui.chain.rpc.client import EndpointError, endpoint_name
from cortensor_tui.chain.rpc.json_rpc import RpcError
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import ProblemError
from tests.chain.endpoints.fleet import Fleet
from tests.chain.endpoints.scripted import Manner, Messages, ScriptedEndpoint, body, status

CALLS = [("eth_gasPrice", ()), ("eth_syncing", ()), ("eth_mining", ())]
RIGHT = [method for method, _ in CALLS]


def rewritten(endpoint: ScriptedEndpoint, change: Any) -> Manner:
    """Answer a batch as usual, but for what `change` makes of the list of answers."""

    def answer(request: web.Request, messages: Messages) -> web.StreamResponse | None:
        if len(messages) == 1:
            return None
        return web.json_response(change([endpoint.answer(message) for message in messages]))

    return answer


async def test_answers_out_of_order_find_their_calls(fleet: Fleet) -> None:
    [host], pool = await fleet.admitted(1)
    host.manner = rewritten(host, lambda answers: answers[::-1])
    assert await pool.batch(CALLS) == RIGHT


async def test_the_same_answer_twice_does_no_harm(fleet: Fleet) -> None:
    [host], pool = await fleet.admitted(1)
    host.manner = rewritten(host, lambda answers: answers + answers)
    assert await pool.batch(CALLS) == RIGHT


@pytest.mark.parametrize(
    "change",
    [
        lambda answers: answers[:2],
        lambda answers: [*answers, {"id": 3, "result": "another"}],
        lambda answers: [*answers[:2], {"id": "3", "result": "another"}],
        lambda answers: [*answers[:2], {"id": True, "result": "another"}],
        lambda answers: [*answers[:2], {"id": 3}],
        lambda answers: [*answers[:2], None, [], 7, {"id": 99, "result": 1}, {"id": -1, "result": 1}],
    ],
    ids=["short", "two for one", "text id", "true is not 1", "empty", "rubbish"],
)
async def test_a_call_without_an_answer_of_its_own_is_an_error_alone_and_asked_elsewhere_with_others(
    fleet: Fleet, change: Any
) -> None:
    [host], pool = await fleet.admitted(1)
    host.manner = rewritten(host, change)
    outcomes = await pool.batch(CALLS)
    assert outcomes[:2] == RIGHT[:2]
    assert isinstance(outcomes[2], RpcError)

    (host, other), pool = await fleet.admitted(2)
    host.manner = rewritten(host, change)
    assert await pool.batch(CALLS) == RIGHT
    assert other.requests[-1] == ["eth_mining"]


@pytest.mark.parametrize(
    ("manner", "fault"),
    [
        (body(b"<html>a captive portal</html>"), EndpointFault.BAD_JSON),
        (body(b"{}"), EndpointFault.BAD_JSON),
        (body(b"null"), EndpointFault.BAD_JSON),
        (body(b"\xff\xfe"), EndpointFault.BAD_JSON),
        (body(b""), EndpointFault.BAD_JSON),
        (body(b"[" * 200_000), EndpointFault.BAD_JSON),
        (body(b"[]"), EndpointFault.BAD_JSON),
        (body(b'{"id":1,"result":"0x1"}'), EndpointFault.BAD_JSON),
        (status(307, Location="http://127.0.0.1:1/"), EndpointFault.HTTP_STATUS),
        (status(401), EndpointFault.HTTP_STATUS),
        (status(502), EndpointFault.HTTP_STATUS),
        (status(429), EndpointFault.RATE_LIMITED),
        (status(429, Retry_After="soon"), EndpointFault.RATE_LIMITED),
        (body(b'{"error":{"code":-32005,"message":"rate limit exceeded"}}'), EndpointFault.RATE_LIMITED),
    ],
)
async def test_what_is_no_answer_is_told_apart_and_another_endpoint_answers(
    fleet: Fleet, manner: Manner, fault: EndpointFault
) -> None:
    (host, _), pool = await fleet.admitted(2)
    host.manner = manner
    assert await pool.batch(CALLS) == RIGHT
    assert pool.health()[0].fault is fault

    [host], pool = await fleet.admitted(1)
    host.manner = manner
    if fault is not EndpointFault.RATE_LIMITED:  # a lone endpoint that asks for a pause gets it
        with pytest.raises(ProblemError):
            await pool.batch(CALLS)


@pytest.mark.parametrize("chain_id", ["banana", 31337, None, "0x", hex(2**300), {"a": 1}])
async def test_an_endpoint_that_does_not_tell_its_chain_is_not_used(fleet: Fleet, chain_id: object) -> None:
    host, other = await fleet.start(2)
    host.answers["eth_chainId"] = chain_id
    pool = fleet.open_pool(host, other)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert "eth_gasPrice" not in host.asked


async def test_a_huge_answer_is_cut_off(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cortensor_tui.chain.rpc.exchange.MAX_ANSWER_BYTES", 10_000)
    [host], pool = await fleet.admitted(1)
    host.answers["eth_getLogs"] = "x" * 20_000
    with pytest.raises(EndpointError) as caught:
        await pool.call("eth_getLogs", {})
    assert caught.value.fault is EndpointFault.TOO_LARGE


async def test_a_batch_whose_answer_is_too_large_is_asked_in_parts(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.chain.rpc.exchange.MAX_ANSWER_BYTES", 10_000)
    [host], pool = await fleet.admitted(1)
    host.answers["eth_getLogs"] = "x" * 4_000
    assert await pool.batch([("eth_getLogs", ({},))] * 4) == ["x" * 4_000] * 4
    assert [len(methods) for methods in host.requests[2:]] == [4, 2, 2]


@pytest.mark.parametrize("is_http", [True, False], ids=["HTTP 413", "an error for all"])
async def test_a_batch_refused_as_too_large_is_halved_and_that_is_remembered(
    fleet: Fleet, is_http: bool
) -> None:
    [host], pool = await fleet.admitted(1)

    def at_most_three(request: web.Request, messages: Messages) -> web.StreamResponse | None:
        if len(messages) <= 3:
            return None
        if is_http:
            return web.Response(status=413)
        error = {"code": -32600, "message": "batch size exceeds the limit of 3"}
        return web.json_response({"jsonrpc": "2.0", "id": None, "error": error})

    host.manner = at_most_three
    host.requests.clear()
    calls = [("eth_gasPrice", ())] * 8
    for _ in range(2):
        assert await pool.batch(calls) == ["eth_gasPrice"] * 8
    assert [len(methods) for methods in host.requests] == [8, 4, 2, 2, 2, 2, 2, 2, 2, 2]
    assert pool.health()[0].state.value == "in use"


async def test_a_call_that_is_too_large_by_itself_keeps_no_other_from_its_answer(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.chain.rpc.exchange.MAX_ANSWER_BYTES", 10_000)
    [host], pool = await fleet.admitted(1)
    host.answers["eth_getLogs"] = "x" * 20_000
    first, refused, *rest = await pool.batch([("eth_gasPrice", ()), ("eth_getLogs", ({},)), *CALLS])
    assert [first, *rest] == ["eth_gasPrice", *RIGHT]
    assert isinstance(refused, RpcError)
    host.requests.clear()
    assert await pool.batch(CALLS) == RIGHT
    assert len(host.requests) == 1, "the endpoint takes as many calls at once as before"


async def test_a_limit_on_batches_is_tried_again_later(fleet: Fleet) -> None:
    [host], pool = await fleet.admitted(1)
    host.manner = lambda request, messages: web.Response(status=413) if len(messages) > 2 else None
    assert await pool.batch(CALLS) == RIGHT
    host.manner = lambda request, messages: None
    host.requests.clear()
    await pool.batch(CALLS)
    fleet.clock.pass_s(parts.LIMIT_HOLDS_S)
    await pool.batch(CALLS)
    assert [len(methods) for methods in host.requests] == [2, 1, 3]


async def test_many_calls_are_several_requests(fleet: Fleet) -> None:
    [host], pool = await fleet.admitted(1)
    host.requests.clear()
    found = await pool.batch([("eth_gasPrice", ())] * (2 * batcher.MOST_CALLS + 1))
    assert found == ["eth_gasPrice"] * (2 * batcher.MOST_CALLS + 1)
    assert sorted(len(methods) for methods in host.requests) == [1, 250, 250]


async def test_a_refusal_of_one_call_leaves_the_others_alone(fleet: Fleet) -> None:
    [host], pool = await fleet.admitted(1)
    host.errors["eth_syncing"] = {"code": 3, "message": "execution reverted", "data": "0x08c379a0"}
    first, refused, last = await pool.batch(CALLS)
    assert (first, last) == (RIGHT[0], RIGHT[2])
    assert isinstance(refused, RpcError)
    assert (refused.code, refused.data) == (3, "0x08c379a0")


@pytest.mark.parametrize(
    ("further", "told"),
    [
        (1, "HTTP 503; the other endpoint failed as well"),
        (2, "HTTP 503; the 2 other endpoints failed as well"),
    ],
)
async def test_where_everybody_fails_the_first_ones_cause_is_told_and_how_many_more(
    fleet: Fleet, further: int, told: str
) -> None:
    host, *others = await fleet.start(1 + further)
    host.manner = status(503)
    for other in others:
        other.is_reset = True
    pool = fleet.open_pool(host, *others)
    for _ in range(5):  # and when all of them rest
        with pytest.raises(ProblemError) as caught:
            await pool.call("eth_chainId")
        assert endpoint_name(host.url) in caught.value.problem.what
        assert caught.value.problem.why == told


async def test_one_that_serves_another_chain_is_told_before_those_that_are_silent(fleet: Fleet) -> None:
    host, other = await fleet.start(2)
    host.chain_id, other.is_reset = 1, True
    with pytest.raises(ProblemError) as caught:
        await fleet.open_pool(host, other).call("eth_gasPrice")
    assert caught.value.problem.code == "wrong_chain"
    assert "failed as well" in caught.value.problem.why
