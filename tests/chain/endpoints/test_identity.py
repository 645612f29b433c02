"""Which chain an endpoint serves: one of another chain gets no question and no transaction."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.endpoints import EndpointState
from cortensor_tui.domain.problems import ProblemError
from tests.chain.endpoints.fleet import LOOK_S, Fleet, ask_in_vain, states
from tests.chain.endpoints.scripted import GENESIS, status

OTHER_GENESIS = "0x" + "22" * 32


@pytest.mark.parametrize("is_host_wrong", [True, False], ids=["the first", "the second"])
async def test_an_endpoint_of_another_chain_is_set_aside_and_gets_no_transaction(
    fleet: Fleet, is_host_wrong: bool
) -> None:
    host, other = await fleet.start(2)
    (wrong, right) = (host, other) if is_host_wrong else (other, host)
    wrong.chain_id = 1
    pool = fleet.open_pool(host, other)
    await fleet.look(pool)
    await pool.send_raw("0x02f8")
    assert pool.url == right.url
    assert EndpointState.WRONG_CHAIN in states(pool)
    assert "eth_sendRawTransaction" in right.asked
    assert "eth_sendRawTransaction" not in wrong.asked
    assert all("eth_chainId" in methods for methods in wrong.requests)


async def test_an_endpoint_that_lies_about_its_chain_after_a_fail_over_is_not_used(fleet: Fleet) -> None:
    host, other = await fleet.start(2)
    other.genesis = OTHER_GENESIS  # the same id, another chain
    pool = fleet.open_pool(host, other)
    await fleet.look(pool)
    host.manner = status(503)
    await ask_in_vain(pool)
    assert "eth_gasPrice" not in other.asked
    assert states(pool) == [EndpointState.RESTING, EndpointState.WRONG_CHAIN]


async def test_at_a_start_no_further_endpoint_brings_another_chain_than_the_one_known(fleet: Fleet) -> None:
    host, other = await fleet.start(2)
    other.genesis = OTHER_GENESIS  # the same id, another chain
    host.manner = status(503)
    pool = fleet.open_pool(host, other, known_genesis=GENESIS)
    for _ in range(3):
        await ask_in_vain(pool, times=1)
        fleet.clock.pass_s(LOOK_S)
        await pool.tend()
    assert "eth_gasPrice" not in other.asked
    host.manner = None
    fleet.clock.pass_s(2)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.url == host.url


async def test_at_a_start_the_first_endpoint_says_what_the_chain_is(fleet: Fleet) -> None:
    host, other = await fleet.start(2)
    host.genesis = OTHER_GENESIS  # a devnet that was started anew since the node ran last
    pool = fleet.open_pool(host, other, known_genesis=GENESIS)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
    assert pool.url == host.url
    assert "eth_gasPrice" not in other.asked


async def test_a_lone_endpoint_of_the_wrong_chain_is_told(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    host.chain_id = 1
    pool = fleet.open_pool(host)
    for _ in range(2):
        with pytest.raises(ProblemError) as caught:
            await pool.call("eth_gasPrice")
        assert caught.value.problem.code == "wrong_chain"
        assert "serves chain 1, not 31337" in caught.value.problem.what
    assert "eth_gasPrice" not in host.asked


async def test_a_restarted_devnet_is_followed_to_its_new_chain(fleet: Fleet) -> None:
    [host] = await fleet.start(1)
    pool = fleet.open_pool(host)
    await pool.call("eth_gasPrice")
    host.manner = status(503)
    await ask_in_vain(pool)
    host.manner, host.genesis = None, OTHER_GENESIS
    fleet.clock.pass_s(1)
    assert await pool.call("eth_gasPrice") == "eth_gasPrice"
