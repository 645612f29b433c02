"""A transaction goes to several endpoints at once: what the sender is told of their answers."""

from __future__ import annotations

from itertools import product

import pytest
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.send_errors import NOT_TAKEN, classify
from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.chain.endpoints.broadcast import verdict
from cortensor_tui.chain.rpc.client import EndpointError, no_answer
from cortensor_tui.chain.rpc.json_rpc import RpcError
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import ProblemError
from tests.chain.endpoints.fleet import Fleet
from tests.chain.endpoints.scripted import RAW, status

HASH = "0x" + keccak(hexstr=RAW).hex()
KNOWN = {"code": -32000, "message": "already known"}
NO_FUNDS = {"code": -32000, "message": "insufficient funds for gas * price + value"}
ODD = {"code": -32000, "message": "the moon is full"}


async def test_three_endpoints_get_it_and_no_more(fleet: Fleet) -> None:
    endpoints, pool = await fleet.admitted(5)
    assert await pool.send_raw(RAW) == HASH
    await pool.close()  # let the slower ones finish or be told
    assert [("eth_sendRawTransaction" in one.asked) for one in endpoints[3:]] == [False, False]
    assert "eth_sendRawTransaction" in endpoints[0].asked


@pytest.mark.parametrize("error", [KNOWN, NO_FUNDS, ODD], ids=["known", "no funds", "odd"])
async def test_one_that_takes_it_is_enough(fleet: Fleet, error: dict[str, object]) -> None:
    endpoints, pool = await fleet.admitted(3)
    for endpoint in endpoints[:2]:
        endpoint.errors["eth_sendRawTransaction"] = error
    assert await pool.send_raw(RAW) == HASH


async def test_already_known_is_a_success(fleet: Fleet) -> None:
    [host], pool = await fleet.admitted(1)
    host.errors["eth_sendRawTransaction"] = KNOWN
    assert await pool.send_raw(RAW) == HASH


async def test_it_is_refused_when_all_refuse_it_for_certain(fleet: Fleet) -> None:
    endpoints, pool = await fleet.admitted(3)
    for endpoint in endpoints:
        endpoint.errors["eth_sendRawTransaction"] = NO_FUNDS
    with pytest.raises(RpcError, match="Insufficient funds"):
        await pool.send_raw(RAW)


async def test_an_endpoint_that_hangs_up_leaves_it_unknown(fleet: Fleet) -> None:
    (host, other), pool = await fleet.admitted(2)
    host.errors["eth_sendRawTransaction"] = NO_FUNDS
    other.is_reset = True
    with pytest.raises(ProblemError) as caught:
        await pool.send_raw(RAW)
    assert not isinstance(caught.value, RpcError)


async def test_it_waits_for_no_budget(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = EndpointPool([host.url], requests_per_s=0.5)
    for _ in range(10):
        assert await pool.send_raw(RAW) == HASH
    assert host.asked.count("eth_sendRawTransaction") == 10
    await pool.close()


async def test_it_reaches_another_endpoint_while_host_is_down(fleet: Fleet) -> None:
    (host, other), pool = await fleet.admitted(2)
    host.manner = status(503)
    assert await pool.send_raw(RAW) == HASH
    assert "eth_sendRawTransaction" in other.asked


REPLIES: list[RpcError | EndpointError] = [
    RpcError(-32000, "already known"),
    RpcError(-32000, "nonce too low"),
    RpcError(-32000, "insufficient funds"),
    RpcError(-32000, "the moon is full"),
    *(EndpointError(no_answer("http://h", fault.value, fault), fault) for fault in EndpointFault),
]
NOT_REACHED = {
    EndpointFault.REFUSED,
    EndpointFault.DNS,
    EndpointFault.RATE_LIMITED,
    EndpointFault.WRONG_CHAIN,
    EndpointFault.STALE_HEAD,
}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_refusal_is_told_only_when_no_doubt_is_left(count: int) -> None:
    for replies in product(REPLIES, repeat=count):
        told = verdict(replies)
        is_refused = isinstance(told, RpcError) and classify(told) in NOT_TAKEN
        for reply in replies if is_refused else ():
            if isinstance(reply, RpcError):
                assert classify(reply) in NOT_TAKEN
            else:
                assert reply.fault in NOT_REACHED
