"""Several endpoints as one: who is asked when, seen from what each of them got."""

from __future__ import annotations

import asyncio

import pytest

from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.domain.endpoints import EndpointFault, EndpointState
from cortensor_tui.domain.problems import ProblemError
from tests.chain.endpoints.fleet import Fleet, ask_in_vain, states
from tests.chain.endpoints.scripted import status


async def test_what_is_asked_in_one_turn_travels_in_one_request(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    await pool.call("eth_chainId")
    host.requests.clear()
    first, second, third = await asyncio.gather(
        pool.batch([("eth_blockNumber", ()), ("eth_gasPrice", ())]), pool.call("eth_chainId"), pool.batch([])
    )
    assert (first, second, third) == ([hex(host.head), "eth_gasPrice"], hex(host.chain_id), [])
    assert host.requests == [["eth_blockNumber", "eth_gasPrice", "eth_chainId"]]


async def test_an_endpoint_is_asked_who_it_is_before_anything_else(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert host.requests == [["eth_chainId", "eth_blockNumber", "eth_getBlockByNumber"], ["eth_gasPrice"]]


async def test_a_failed_read_is_answered_by_the_next_endpoint(fleet: Fleet) -> None:
    (host, _), pool = await fleet.admitted(2)
    host.manner = status(503)
    for _ in range(3):
        assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert states(pool) == [EndpointState.RESTING, EndpointState.IN_USE]
    host.requests.clear()
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert host.requests == []
    [resting, _] = pool.health()
    assert (resting.fault, resting.error) == (EndpointFault.HTTP_STATUS, "HTTP 503")
    assert resting.resting_until == pytest.approx(fleet.clock.now() + 0.5)


async def test_the_probe_after_a_rest_is_visible_and_brings_a_lone_endpoint_back(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    await pool.call("eth_chainId")
    host.manner = status(502)
    await ask_in_vain(pool)
    asked = len(host.requests)
    with pytest.raises(ProblemError, match="HTTP 502"):  # the reason is still told
        await pool.call("eth_chainId")
    assert len(host.requests) == asked  # nobody knocks while it rests
    fleet.clock.pass_s(0.6)
    assert states(pool) == [EndpointState.PROBING]
    host.manner = None
    await pool.tend()
    assert states(pool) == [EndpointState.IN_USE]
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"


async def test_host_is_taken_back_once_it_has_been_well_for_a_while(fleet: Fleet) -> None:
    (host, other), pool = await fleet.admitted(2)
    host.manner = status(503)
    for _ in range(4):
        await pool.call("eth_gasPrice")
    assert pool.url == other.url
    host.manner = None
    seen = []
    for _ in range(6):
        await fleet.look(pool)
        seen.append(pool.url == host.url)
    assert seen == [False, False, False, True, True, True]


async def test_an_idle_standby_is_asked_once_in_ten_seconds(fleet: Fleet) -> None:
    host, other, third = await fleet.start(3)
    pool = fleet.open_pool(host, other, third)
    for _ in range(200):
        await fleet.look(pool, 0.5)
    assert len(host.requests) == 1 + 200  # the first asks who it is
    assert (len(other.requests), len(third.requests)) == (10, 10)
    assert other.requests[1:] == [["eth_chainId", "eth_blockNumber"]] * 9


async def test_a_dead_standby_is_not_asked_more_often(fleet: Fleet) -> None:
    host, other = await fleet.start(2)
    other.manner = status(503)
    pool = fleet.open_pool(host, other)
    for _ in range(200):
        await fleet.look(pool, 0.5)
    assert len(other.requests) == 10


@pytest.mark.parametrize("growth", [1, 20], ids=["slow chain", "quick chain"])
async def test_an_endpoint_whose_head_stays_behind_loses_its_place(fleet: Fleet, growth: int) -> None:
    host, other = await fleet.start(2)
    pool = fleet.open_pool(host, other)
    for _ in range(3):
        await fleet.look(pool)
        host.head = other.head = host.head + growth
    assert pool.url == host.url
    for _ in range(3):
        other.head += growth
        await fleet.look(pool)
    assert pool.url == other.url
    assert pool.health()[0].fault is EndpointFault.STALE_HEAD
    assert "stays behind" in pool.health()[0].error
    host.head = other.head
    for _ in range(6):
        await fleet.look(pool)
    assert pool.url == host.url


async def test_an_endpoint_that_was_never_heard_is_not_said_to_be_well(fleet: Fleet) -> None:
    host, other = await fleet.start(2)
    other.manner = status(503)
    pool = fleet.open_pool(host, other)
    assert states(pool) == [EndpointState.IN_USE, EndpointState.UNKNOWN]
    await fleet.look(pool)
    assert pool.health()[1].fault is EndpointFault.HTTP_STATUS
    assert states(pool) == [EndpointState.IN_USE, EndpointState.UNKNOWN]
    other.manner = None
    await fleet.look(pool)
    assert states(pool) == [EndpointState.IN_USE, EndpointState.STANDBY]


async def test_a_rate_limited_read_goes_elsewhere_and_the_pause_is_kept(fleet: Fleet) -> None:
    (host, _), pool = await fleet.admitted(2)
    host.manner = status(429, Retry_After="7")
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.health()[0].state is EndpointState.RESTING
    assert pool.health()[0].fault is EndpointFault.RATE_LIMITED
    assert pool.health()[0].resting_until == pytest.approx(fleet.clock.now() + 7)
    host.requests.clear()
    fleet.clock.pass_s(6.5)
    await pool.call("eth_gasPrice")
    await pool.tend()
    assert host.requests == []
    host.manner = None
    fleet.clock.pass_s(20)
    await pool.tend()
    assert host.requests


async def test_an_endpoint_that_is_asked_too_often_is_not_said_to_be_down(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    host.manner = status(429, Retry_After="7")
    with pytest.raises(ProblemError) as told:
        await fleet.open_pool(host).call("eth_gasPrice")
    assert "refuses requests as too many" in told.value.problem.what
    assert "CORTENSOR_TUI_REQUESTS_PER_S" in told.value.problem.remedy


@pytest.mark.parametrize("code", [429, -32005], ids=["its own code", "an error code of many meanings"])
async def test_a_rate_limit_inside_a_batch_is_asked_elsewhere(fleet: Fleet, code: int) -> None:
    (host, other), pool = await fleet.admitted(2)
    host.errors["eth_gasPrice"] = {"code": code, "message": "Too Many Requests: rate limit"}
    assert await pool.batch([("eth_gasPrice", ()), ("eth_chainId", ())]) == ["eth_gasPrice", "0x7a69"]
    assert other.requests[-1] == ["eth_gasPrice"]  # what was answered is not asked again


async def test_beyond_the_budget_another_endpoint_is_asked(fleet: Fleet) -> None:
    (host, other), pool = await fleet.admitted(2, per_s=3)
    for _ in range(6):
        await pool.call("eth_gasPrice")
    assert len(host.requests) == 6  # two seconds' worth
    assert other.asked.count("eth_gasPrice") == 2
    assert pool.url == host.url  # it does not lose its place for that


async def test_beyond_the_budget_of_a_lone_endpoint_a_read_waits(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = EndpointPool([host.url], requests_per_s=20)
    for number in range(42):
        assert await asyncio.wait_for(pool.call("eth_gasPrice"), 30) == "eth_gasPrice", number
    assert len(host.requests) == 43
    await pool.close()


async def test_a_silent_endpoint_does_not_use_up_the_time_of_the_others(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.chain.endpoints.pool.CALL_TIMEOUT_S", 1.0)
    host, other = await fleet.start(2)
    pool = EndpointPool([host.url, other.url])
    await pool.call("eth_blockNumber")
    await pool.tend()
    host.is_silent = True
    for _ in range(3):
        assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.url == other.url
    assert pool.health()[0].fault is EndpointFault.TIMEOUT
    await pool.close()


async def test_a_connection_that_was_closed_while_idle_costs_no_call(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    await pool.call("eth_chainId")
    host.is_reset = True

    def once(request: object, messages: object) -> None:
        host.is_reset = False

    host.manner = once
    host.requests.clear()
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert host.requests == [["eth_gasPrice"], ["eth_gasPrice"]]
    assert pool.health()[0].requests_last_minute == 4


async def test_tokens_in_the_path_are_never_told(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    host, other = await fleet.start(2)
    pool = fleet.open_pool(host, other)
    host.manner = status(307, Location=other.url)
    await pool.call("eth_gasPrice")
    other.manner = host.manner
    with pytest.raises(ProblemError) as caught:
        await pool.call("eth_gasPrice")
    assert "SECRETTOKEN" not in f"{caught.value}{pool.health()}{caplog.text}"


async def test_a_closed_pool_tells_those_who_wait(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    host.is_silent = True
    call = asyncio.create_task(pool.call("eth_gasPrice"))
    while not host.requests:
        await asyncio.sleep(0)
    await pool.close()
    with pytest.raises(ProblemError):
        await call


async def test_what_is_gathered_within_what_is_gathered_travels_together(fleet: Fleet) -> None:
    """A look at the chain is gathered with the looks of each key's transactions."""
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    await pool.call("eth_blockNumber")
    host.requests.clear()

    async def follow() -> None:
        await asyncio.gather(pool.call("eth_gasPrice"), pool.batch([("eth_syncing", ())]))

    await asyncio.gather(pool.call("eth_blockNumber"), follow())
    assert host.requests == [["eth_blockNumber", "eth_gasPrice", "eth_syncing"]]
