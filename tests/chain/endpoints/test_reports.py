"""What the network screen is told of each endpoint: lag, budget, breaker, and what became of its sends."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.endpoints import EndpointState
from tests.chain.endpoints.fleet import Fleet, ask_in_vain
from tests.chain.endpoints.scripted import RAW, status


async def test_a_fresh_pool_claims_nothing(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    [told] = fleet.open_pool(host).report()
    assert (told.blocks_behind, told.chain_id, told.genesis_hash, told.probe_at) == (None, None, None, None)
    assert (told.requests, told.failures, told.sends_taken, told.sends_not_taken) == (0, 0, 0, 0)


async def test_lag_is_told_against_the_best_head_of_all(fleet: Fleet) -> None:
    (host, other), pool = await fleet.admitted(2)
    other.head = host.head + 4
    await fleet.look(pool)
    assert [one.blocks_behind for one in pool.report()] == [4, 0]
    assert {one.genesis_hash for one in pool.report()} == {host.genesis}


async def test_the_budget_left_goes_down_by_each_request_and_fills_with_time(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host, per_s=2)
    full = pool.report()[0].requests_left
    await pool.call("eth_blockNumber")
    asked = len(host.requests)
    assert pool.report()[0].requests_left == full - asked
    assert pool.report()[0].requests == asked
    fleet.clock.pass_s(10)
    assert pool.report()[0].requests_left == full


async def test_an_open_breaker_says_when_it_lets_a_probe_through(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    await pool.call("eth_chainId")
    host.manner = status(502)
    await ask_in_vain(pool)
    [told] = pool.report()
    assert told.health.state is EndpointState.RESTING
    assert told.probe_at == pytest.approx(fleet.clock.now() + 0.5)
    assert told.failures == told.failures_in_a_row > 0
    fleet.clock.pass_s(0.6)
    host.manner = None
    await pool.tend()
    [well] = pool.report()
    assert (well.probe_at, well.failures_in_a_row, well.failures) == (None, 0, told.failures)


async def test_a_pause_that_was_asked_for_is_told_with_its_end(fleet: Fleet) -> None:
    (host, _), pool = await fleet.admitted(2)
    host.manner = status(429, Retry_After="7")
    await pool.call("eth_gasPrice")
    told = pool.report()[0]
    assert told.paused_until == pytest.approx(fleet.clock.now() + 7)
    fleet.clock.pass_s(8)
    assert pool.report()[0].paused_until is None


async def test_sends_are_counted_by_what_became_of_them(fleet: Fleet) -> None:
    (_, other), pool = await fleet.admitted(2)
    other.errors["eth_sendRawTransaction"] = {"code": -32000, "message": "nonce too low"}
    await pool.send_raw(RAW)
    for _ in range(100):  # the first acceptance is enough to go on; the other's answer is on its way
        await fleet.look(pool, 0)
        if pool.report()[1].sends_not_taken:
            break
    assert [(one.sends_taken, one.sends_not_taken) for one in pool.report()] == [(1, 0), (0, 1)]
