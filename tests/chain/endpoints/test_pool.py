"""Several endpoints as one: who is asked when, seen from what each of them got."""

from __future__ import annotations

import asyncio

import pytest

from cortensor_tui.chain.endpoints import EndpointPool
from cortensor_tui.domain.endpoints import EndpointFault, EndpointState
from cortensor_tui.domain.problems import ProblemError
from tests.chain.endpoints.conftest import OpenPool, StartEndpoints
from tests.chain.endpoints.scripted import GENESIS, status
from tests.support.clock import StandingClock

LOOK_S = 10.0
OTHER_GENESIS = "0x" + "22" * 32


def states(pool: EndpointPool) -> list[EndpointState]:
    return [health.state for health in pool.health()]


async def look(pool: EndpointPool, clock: StandingClock, after_s: float = LOOK_S) -> None:
    """Let time pass, look at the chain as the node does, and let the pool see after the others."""
    clock.pass_s(after_s)
    await pool.call("eth_blockNumber")
    await pool.tend()


async def test_what_is_asked_in_one_turn_travels_in_one_request(
    start: StartEndpoints, open_pool: OpenPool
) -> None:
    [host] = await start(1)
    pool = open_pool(host)
    await pool.call("eth_chainId")
    host.requests.clear()
    first, second, third = await asyncio.gather(
        pool.batch([("eth_blockNumber", ()), ("eth_gasPrice", ())]), pool.call("eth_chainId"), pool.batch([])
    )
    assert (first, second, third) == ([hex(host.head), "eth_gasPrice"], hex(host.chain_id), [])
    assert host.requests == [["eth_blockNumber", "eth_gasPrice", "eth_chainId"]]


async def test_an_endpoint_is_asked_who_it_is_before_anything_else(
    start: StartEndpoints, open_pool: OpenPool
) -> None:
    [host] = await start(1)
    pool = open_pool(host)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert host.requests == [["eth_chainId", "eth_blockNumber", "eth_getBlockByNumber"], ["eth_gasPrice"]]


async def test_a_failed_read_is_answered_by_the_next_endpoint(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other)
    await look(pool, clock)
    host.manner = status(503)
    for _ in range(3):
        assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert states(pool) == [EndpointState.RESTING, EndpointState.IN_USE]
    host.requests.clear()
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert host.requests == []
    [resting, _] = pool.health()
    assert (resting.fault, resting.error) == (EndpointFault.HTTP_STATUS, "HTTP 503")
    assert resting.resting_until == pytest.approx(clock.now() + 0.5)


async def test_the_probe_after_a_rest_is_visible_and_brings_a_lone_endpoint_back(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    [host] = await start(1)
    pool = open_pool(host)
    await pool.call("eth_chainId")
    host.manner = status(502)
    for _ in range(3):
        with pytest.raises(ProblemError):
            await pool.call("eth_chainId")
    asked = len(host.requests)
    with pytest.raises(ProblemError, match="HTTP 502"):  # the reason is still told
        await pool.call("eth_chainId")
    assert len(host.requests) == asked  # nobody knocks while it rests
    clock.pass_s(0.6)
    assert states(pool) == [EndpointState.PROBING]
    host.manner = None
    await pool.tend()
    assert states(pool) == [EndpointState.IN_USE]
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"


async def test_host_is_taken_back_once_it_has_been_well_for_a_while(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other)
    await look(pool, clock)
    host.manner = status(503)
    for _ in range(4):
        await pool.call("eth_gasPrice")
    assert pool.url == other.url
    host.manner = None
    seen = []
    for _ in range(6):
        await look(pool, clock)
        seen.append(pool.url == host.url)
    assert seen == [False, False, False, True, True, True]


async def test_an_idle_standby_is_asked_once_in_ten_seconds(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other, third = await start(3)
    pool = open_pool(host, other, third)
    for _ in range(200):
        await look(pool, clock, 0.5)
    assert len(host.requests) == 1 + 200  # the first asks who it is
    assert (len(other.requests), len(third.requests)) == (10, 10)
    assert other.requests[1:] == [["eth_chainId", "eth_blockNumber"]] * 9


async def test_a_dead_standby_is_not_asked_more_often(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    other.manner = status(503)
    pool = open_pool(host, other)
    for _ in range(200):
        await look(pool, clock, 0.5)
    assert len(other.requests) == 10


@pytest.mark.parametrize("growth", [1, 20], ids=["slow chain", "quick chain"])
async def test_an_endpoint_whose_head_stays_behind_loses_its_place(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock, growth: int
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other)
    for _ in range(3):
        await look(pool, clock)
        host.head = other.head = host.head + growth
    assert pool.url == host.url
    for _ in range(3):
        other.head += growth
        await look(pool, clock)
    assert pool.url == other.url
    assert pool.health()[0].fault is EndpointFault.STALE_HEAD
    assert "stays behind" in pool.health()[0].error
    host.head = other.head
    for _ in range(6):
        await look(pool, clock)
    assert pool.url == host.url


@pytest.mark.parametrize("is_host_wrong", [True, False], ids=["the first", "the second"])
async def test_an_endpoint_of_another_chain_is_set_aside_and_gets_no_transaction(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock, is_host_wrong: bool
) -> None:
    host, other = await start(2)
    (wrong, right) = (host, other) if is_host_wrong else (other, host)
    wrong.chain_id = 1
    pool = open_pool(host, other)
    await look(pool, clock)
    await pool.send_raw("0x02f8")
    assert pool.url == right.url
    assert EndpointState.WRONG_CHAIN in states(pool)
    assert "eth_sendRawTransaction" in right.asked
    assert "eth_sendRawTransaction" not in wrong.asked
    assert all("eth_chainId" in methods for methods in wrong.requests)


async def test_an_endpoint_that_lies_about_its_chain_after_a_fail_over_is_not_used(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    other.genesis = OTHER_GENESIS  # the same id, another chain
    pool = open_pool(host, other)
    await look(pool, clock)
    host.manner = status(503)
    for _ in range(3):
        with pytest.raises(ProblemError):
            await pool.call("eth_gasPrice")
    assert "eth_gasPrice" not in other.asked
    assert states(pool) == [EndpointState.RESTING, EndpointState.WRONG_CHAIN]


async def test_at_a_start_no_further_endpoint_brings_another_chain_than_the_one_known(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    other.genesis = OTHER_GENESIS  # the same id, another chain
    host.manner = status(503)
    pool = open_pool(host, other, known_genesis=GENESIS)
    for _ in range(3):
        with pytest.raises(ProblemError):
            await pool.call("eth_gasPrice")
        clock.pass_s(LOOK_S)
        await pool.tend()
    assert "eth_gasPrice" not in other.asked
    host.manner = None
    clock.pass_s(2)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.url == host.url


async def test_at_a_start_the_first_endpoint_says_what_the_chain_is(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    host.genesis = OTHER_GENESIS  # a devnet that was started anew since the node ran last
    pool = open_pool(host, other, known_genesis=GENESIS)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.url == host.url
    assert "eth_gasPrice" not in other.asked


async def test_an_endpoint_that_was_never_heard_is_not_said_to_be_well(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    other.manner = status(503)
    pool = open_pool(host, other)
    assert states(pool) == [EndpointState.IN_USE, EndpointState.UNKNOWN]
    await look(pool, clock)
    assert pool.health()[1].fault is EndpointFault.HTTP_STATUS
    assert states(pool) == [EndpointState.IN_USE, EndpointState.UNKNOWN]
    other.manner = None
    await look(pool, clock)
    assert states(pool) == [EndpointState.IN_USE, EndpointState.STANDBY]


async def test_a_lone_endpoint_of_the_wrong_chain_is_told(start: StartEndpoints, open_pool: OpenPool) -> None:
    [host] = await start(1)
    host.chain_id = 1
    pool = open_pool(host)
    for _ in range(2):
        with pytest.raises(ProblemError) as caught:
            await pool.call("eth_gasPrice")
        assert caught.value.problem.code == "wrong_chain"
        assert "serves chain 1, not 31337" in caught.value.problem.what
    assert "eth_gasPrice" not in host.asked


async def test_a_restarted_devnet_is_followed_to_its_new_chain(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    [host] = await start(1)
    pool = open_pool(host)
    await pool.call("eth_gasPrice")
    host.manner = status(503)
    for _ in range(3):
        with pytest.raises(ProblemError):
            await pool.call("eth_gasPrice")
    host.manner, host.genesis = None, OTHER_GENESIS
    clock.pass_s(1)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"


async def test_a_rate_limited_read_goes_elsewhere_and_the_pause_is_kept(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other)
    await look(pool, clock)
    host.manner = status(429, Retry_After="7")
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.health()[0].state is EndpointState.RESTING
    assert pool.health()[0].fault is EndpointFault.RATE_LIMITED
    assert pool.health()[0].resting_until == pytest.approx(clock.now() + 7)
    host.requests.clear()
    clock.pass_s(6.5)
    await pool.call("eth_gasPrice")
    await pool.tend()
    assert host.requests == []
    host.manner = None
    clock.pass_s(20)
    await pool.tend()
    assert host.requests


async def test_an_endpoint_that_is_asked_too_often_is_not_said_to_be_down(
    start: StartEndpoints, open_pool: OpenPool
) -> None:
    [host] = await start(1)
    host.manner = status(429, Retry_After="7")
    with pytest.raises(ProblemError) as told:
        await open_pool(host).call("eth_gasPrice")
    assert "refuses requests as too many" in told.value.problem.what
    assert "CORTENSOR_TUI_REQUESTS_PER_S" in told.value.problem.remedy


@pytest.mark.parametrize("code", [429, -32005], ids=["its own code", "an error code of many meanings"])
async def test_a_rate_limit_inside_a_batch_is_asked_elsewhere(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock, code: int
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other)
    await look(pool, clock)
    host.errors["eth_gasPrice"] = {"code": code, "message": "Too Many Requests: rate limit"}
    assert await pool.batch([("eth_gasPrice", ()), ("eth_chainId", ())]) == ["eth_gasPrice", "0x7a69"]
    assert other.requests[-1] == ["eth_gasPrice"]  # what was answered is not asked again


async def test_beyond_the_budget_another_endpoint_is_asked(
    start: StartEndpoints, open_pool: OpenPool, clock: StandingClock
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other, per_s=3)
    await look(pool, clock)
    for _ in range(6):
        await pool.call("eth_gasPrice")
    assert len(host.requests) == 6  # two seconds' worth
    assert other.asked.count("eth_gasPrice") == 2
    assert pool.url == host.url  # it does not lose its place for that


async def test_beyond_the_budget_of_a_lone_endpoint_a_read_waits(start: StartEndpoints) -> None:
    [host] = await start(1)
    pool = EndpointPool([host.url], requests_per_s=20)
    for number in range(42):
        assert await asyncio.wait_for(pool.call("eth_gasPrice"), 30) == "eth_gasPrice", number
    assert len(host.requests) == 43
    await pool.close()


async def test_a_silent_endpoint_does_not_use_up_the_time_of_the_others(
    start: StartEndpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.chain.endpoints.pool.CALL_TIMEOUT_S", 1.0)
    host, other = await start(2)
    pool = EndpointPool([host.url, other.url])
    await pool.call("eth_blockNumber")
    await pool.tend()
    host.is_silent = True
    for _ in range(3):
        assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.url == other.url
    assert pool.health()[0].fault is EndpointFault.TIMEOUT
    await pool.close()


async def test_a_connection_that_was_closed_while_idle_costs_no_call(
    start: StartEndpoints, open_pool: OpenPool
) -> None:
    [host] = await start(1)
    pool = open_pool(host)
    await pool.call("eth_chainId")
    host.is_reset = True

    def once(request: object, messages: object) -> None:
        host.is_reset = False

    host.manner = once
    host.requests.clear()
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert host.requests == [["eth_gasPrice"], ["eth_gasPrice"]]
    assert pool.health()[0].requests_last_minute == 4


async def test_tokens_in_the_path_are_never_told(
    start: StartEndpoints, open_pool: OpenPool, caplog: pytest.LogCaptureFixture
) -> None:
    host, other = await start(2)
    pool = open_pool(host, other)
    host.manner = status(307, Location=other.url)
    await pool.call("eth_gasPrice")
    other.manner = host.manner
    with pytest.raises(ProblemError) as caught:
        await pool.call("eth_gasPrice")
    assert "SECRETTOKEN" not in f"{caught.value}{pool.health()}{caplog.text}"


async def test_a_closed_pool_tells_those_who_wait(start: StartEndpoints, open_pool: OpenPool) -> None:
    [host] = await start(1)
    pool = open_pool(host)
    host.is_silent = True
    call = asyncio.create_task(pool.call("eth_gasPrice"))
    while not host.requests:
        await asyncio.sleep(0)
    await pool.close()
    with pytest.raises(ProblemError):
        await call


async def test_what_is_gathered_within_what_is_gathered_travels_together(
    start: StartEndpoints, open_pool: OpenPool
) -> None:
    """A look at the chain is gathered with the looks of each key's transactions."""
    [host] = await start(1)
    pool = open_pool(host)
    await pool.call("eth_blockNumber")
    host.requests.clear()

    async def follow() -> None:
        await asyncio.gather(pool.call("eth_gasPrice"), pool.batch([("eth_syncing", ())]))

    await asyncio.gather(pool.call("eth_blockNumber"), follow())
    assert host.requests == [["eth_blockNumber", "eth_gasPrice", "eth_syncing"]]
