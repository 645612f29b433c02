"""The fault proxy itself: without faults nothing changes, and each fault does what it says and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from eth_utils.crypto import keccak

from tests.support.fault_proxy import FaultProxy, open_proxy
from tests.support.faults import (
    Cut,
    DroppedSend,
    DuplicateLog,
    ErrorAfterAcceptance,
    Latency,
    MissingLog,
    RateLimited,
    Reset,
    Silent,
    Sliced,
    StaleHead,
    Truncated,
    WrongNonce,
)

RAW = "0x02aabb"
HASH = "0x" + keccak(hexstr=RAW).hex()
LOGS = [
    {"blockHash": "0x1", "transactionHash": "0x2", "logIndex": hex(number), "blockNumber": hex(number)}
    for number in range(40)
]


class ScriptedChain:
    """Answers a few methods; `head` moves as the test says."""

    def __init__(self) -> None:
        self.head = 10
        self.asked: list[dict[str, Any]] = []
        self.accepted: list[str] = []

    async def serve(self, request: web.BaseRequest) -> web.Response:
        asked = msgspec.json.decode(await request.read())
        batch = asked if isinstance(asked, list) else [asked]
        self.asked += batch
        answers = [{"jsonrpc": "2.0", "id": one["id"], "result": self._answer(one)} for one in batch]
        # A batch may be answered in any order.
        body = list(reversed(answers)) if isinstance(asked, list) else answers[0]
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")

    def _answer(self, one: dict[str, Any]) -> Any:
        match one["method"]:
            case "eth_blockNumber":
                return hex(self.head)
            case "eth_getLogs":
                return LOGS
            case "eth_getTransactionCount":
                return "0x7"
            case "eth_getTransactionReceipt":
                return {"blockNumber": one["params"][0]}
            case "eth_sendRawTransaction":
                self.accepted.append(one["params"][0])
                return HASH
        return one["params"]


@pytest.fixture
async def chain() -> ScriptedChain:
    return ScriptedChain()


@pytest.fixture
async def proxy(chain: ScriptedChain) -> AsyncIterator[FaultProxy]:
    runner = web.ServerRunner(web.Server(chain.serve))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    async with open_proxy(f"http://127.0.0.1:{port}") as found:
        yield found
    await runner.cleanup()


def request(method: str, *params: Any, number: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


async def post(proxy: FaultProxy, payload: Any, timeout_s: float = 5.0) -> Any:
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(proxy.url, json=payload) as response,
    ):
        return msgspec.json.decode(await response.read())


async def ask(proxy: FaultProxy, method: str, *params: Any) -> Any:
    answer = await post(proxy, request(method, *params))
    return answer.get("result", answer.get("error"))


async def test_without_faults_everything_passes_in_its_order(proxy: FaultProxy) -> None:
    answers = await post(proxy, [request("a", 1, number=1), request("b", 2, number=2)])
    assert [(one["id"], one["result"]) for one in answers] == [(1, [1]), (2, [2])]
    assert await ask(proxy, "eth_blockNumber") == "0xa"
    assert proxy.methods == {"a": 1, "b": 1, "eth_blockNumber": 1}
    assert (proxy.requests, proxy.requests_in(60)) == (2, 2)
    assert not proxy.affected


async def test_what_is_no_call_passes_too(proxy: FaultProxy) -> None:
    with pytest.raises(aiohttp.ClientResponseError):
        async with (
            aiohttp.ClientSession(raise_for_status=True) as session,
            session.post(proxy.url, data=b"no json"),
        ):
            pass


async def test_latency_makes_answers_late(proxy: FaultProxy) -> None:
    await proxy.switch_on(Latency(delay_s=0.2, jitter_s=0.05))
    began = time.monotonic()
    assert await ask(proxy, "eth_blockNumber") == "0xa"
    assert time.monotonic() - began >= 0.2


async def test_a_cut_line_refuses_and_comes_back_on_the_same_port(proxy: FaultProxy) -> None:
    url = proxy.url
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=request("a")):
            pass
        await proxy.switch_on(Cut())
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(url, json=request("a"))
        await proxy.switch_off(Cut)
        assert proxy.url == url
        async with session.post(url, json=request("a")) as response:
            assert response.status == 200


async def test_silence_never_answers_and_hangs_up_when_it_ends(
    proxy: FaultProxy, chain: ScriptedChain
) -> None:
    await proxy.switch_on(Silent())
    with pytest.raises(TimeoutError):
        await post(proxy, request("eth_sendRawTransaction", RAW), timeout_s=0.3)
    waiting = asyncio.create_task(post(proxy, request("a")))
    while proxy.requests < 2:
        await asyncio.sleep(0.01)
    await proxy.switch_off(Silent)
    with pytest.raises(aiohttp.ClientError):
        await waiting
    assert chain.accepted == []


@pytest.mark.parametrize("is_passed_on", [False, True])
async def test_a_reset_is_a_reset(proxy: FaultProxy, chain: ScriptedChain, is_passed_on: bool) -> None:
    await proxy.switch_on(Reset(is_passed_on=is_passed_on))
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    body = msgspec.json.encode(request("eth_sendRawTransaction", RAW))
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert chain.accepted == ([RAW] if is_passed_on else [])


async def test_slices_arrive_whole_and_truncation_does_not(proxy: FaultProxy) -> None:
    await proxy.switch_on(Sliced(piece_bytes=7, pause_s=0.001))
    assert await ask(proxy, "a", "x" * 100) == ["x" * 100]
    await proxy.switch_on(Truncated(most_bytes=20))
    with pytest.raises(aiohttp.ClientPayloadError):
        await ask(proxy, "a", "x" * 100)


async def test_a_rate_limit_names_when_to_come_again(proxy: FaultProxy) -> None:
    await proxy.switch_on(RateLimited(retry_after_s=3, per_s=1))
    assert await ask(proxy, "eth_blockNumber") == "0xa"
    async with aiohttp.ClientSession() as session, session.post(proxy.url, json=request("a")) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "3")


async def test_a_stale_head_stands_still_in_everything_it_says(
    proxy: FaultProxy, chain: ScriptedChain
) -> None:
    await proxy.switch_on(StaleHead())
    chain.head = 15
    assert await ask(proxy, "eth_blockNumber") == "0xa"
    assert await ask(proxy, "eth_getBlockByNumber", "latest", False) == ["0xa", False]
    assert await ask(proxy, "eth_getBlockByNumber", "0x9", False) == ["0x9", False]
    assert await ask(proxy, "eth_getBlockByNumber", "0xb", False) is None
    assert await ask(proxy, "eth_call", {}, "latest") == [{}, "0xa"]
    assert await ask(proxy, "eth_estimateGas", {}) == [{}, "0xa"]
    assert await ask(proxy, "eth_getTransactionReceipt", "0xa") == {"blockNumber": "0xa"}
    assert await ask(proxy, "eth_getTransactionReceipt", "0xb") is None
    assert await ask(proxy, "eth_getLogs", {"fromBlock": "0xb", "toBlock": "latest"}) == []
    await ask(proxy, "eth_getLogs", {"fromBlock": "0x9", "toBlock": "0xf"})
    assert chain.asked[-1]["params"] == [{"fromBlock": "0x9", "toBlock": "0xa"}]
    await proxy.switch_off(StaleHead)
    assert await ask(proxy, "eth_blockNumber") == "0xf"


async def test_a_missing_log_stays_missing_until_the_fault_ends(proxy: FaultProxy) -> None:
    await proxy.switch_on(MissingLog(share=0.5))
    shown = await ask(proxy, "eth_getLogs", {})
    assert 0 < len(shown) < len(LOGS)
    assert await ask(proxy, "eth_getLogs", {}) == shown
    await proxy.switch_off(MissingLog)
    assert await ask(proxy, "eth_getLogs", {}) == LOGS


async def test_duplicate_logs_come_twice(proxy: FaultProxy) -> None:
    await proxy.switch_on(DuplicateLog())
    assert len(await ask(proxy, "eth_getLogs", {})) == 2 * len(LOGS)


async def test_a_dropped_send_is_told_as_accepted(proxy: FaultProxy, chain: ScriptedChain) -> None:
    await proxy.switch_on(DroppedSend())
    answers = await post(proxy, [request("eth_sendRawTransaction", RAW, number=1), request("b", number=2)])
    assert [one["result"] for one in answers] == [HASH, []]
    assert chain.accepted == []
    assert [(one.raw, one.is_accepted) for one in proxy.sent] == [(RAW, False)]


async def test_an_error_after_acceptance_hides_it(proxy: FaultProxy, chain: ScriptedChain) -> None:
    await proxy.switch_on(ErrorAfterAcceptance())
    assert (await ask(proxy, "eth_sendRawTransaction", RAW))["code"] == -32603
    assert chain.accepted == [RAW]
    assert [(one.raw, one.is_accepted) for one in proxy.sent] == [(RAW, True)]


async def test_a_wrong_nonce_is_off(proxy: FaultProxy) -> None:
    await proxy.switch_on(WrongNonce(off_by=-2))
    assert await ask(proxy, "eth_getTransactionCount", "0x0", "latest") == "0x5"


async def test_an_upgrade_to_websocket_is_refused(proxy: FaultProxy) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(proxy.url)


async def test_healing_ends_every_fault(proxy: FaultProxy) -> None:
    for fault in (StaleHead(), MissingLog(), Latency(1.0), Cut()):
        await proxy.switch_on(fault)
    await proxy.heal()
    assert proxy.faults == ()
    assert await ask(proxy, "eth_getLogs", {}) == LOGS
