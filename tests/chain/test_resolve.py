"""Addresses are found by the first way that leads to one, and what is in the way is a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.networks.profiles import KnownModule, NetworkProfile, load_profiles
from cortensor_tui.chain.networks.resolve import (
    KnownAddresses,
    check_network,
    identify_chain,
    resolve_contracts,
)
from cortensor_tui.chain.rpc.client import Call, RpcError
from cortensor_tui.domain.networks import Generation, Standing
from cortensor_tui.domain.problems import ProblemError
from tests.chain.scripted_contracts import ScriptedContracts
from tests.devnet.devnet_on_anvil import STRANGER, DevnetOnAnvil

SESSION_SETTING = "CORTENSOR_TUI_SESSION_V2_ADDRESS"
QUEUE_SETTING = "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS"
TESTNET_0 = load_profiles()["testnet-0"]
TESTNET_1 = load_profiles()["testnet-1"]
GENESIS = {"hash": "0x" + "ab" * 32}


def profile_with(**addresses: str) -> NetworkProfile:
    modules = tuple(
        KnownModule(name=name, address=address, standing=Standing.UNVERIFIED, source="a blog")
        for name, address in addresses.items()
    )
    return msgspec.structs.replace(TESTNET_0, modules=modules)


@pytest.mark.real
async def test_what_is_set_comes_first(devnet: DevnetOnAnvil) -> None:
    at = devnet.contracts
    known = KnownAddresses(
        runtime=STRANGER, session_v2=at.session_v2.lower(), session_queue_v2=at.session_queue_v2
    )
    resolved = await resolve_contracts(devnet.rpc, known)
    assert (resolved.contracts.session_v2, resolved.contracts.session_queue_v2) == (
        at.session_v2,
        at.session_queue_v2,
    )
    assert [found.source for found in resolved.found] == [
        f"set as {SESSION_SETTING}",
        f"set as {QUEUE_SETTING}",
    ]
    assert resolved.warnings == ()


@pytest.mark.real
async def test_the_queue_is_asked_of_session_v2_before_the_runtime(devnet: DevnetOnAnvil) -> None:
    known = KnownAddresses(runtime=devnet.contracts.runtime, session_v2=devnet.contracts.session_v2)
    resolved = await resolve_contracts(devnet.rpc, known)
    assert resolved.contracts.session_queue_v2 == devnet.contracts.session_queue_v2
    assert resolved.found[1].source == f"told by SessionV2 at {devnet.contracts.session_v2}"


@pytest.mark.real
async def test_the_runtime_is_asked_before_the_profile(devnet: DevnetOnAnvil) -> None:
    known = KnownAddresses(runtime=devnet.contracts.runtime)
    resolved = await resolve_contracts(devnet.rpc, known, profile_with(SessionV2=STRANGER))
    assert resolved.contracts.session_v2 == devnet.contracts.session_v2
    assert resolved.found[0].source == f"told by the Runtime at {devnet.contracts.runtime}"


@pytest.mark.real
async def test_the_profile_is_the_last_resort_and_said_to_be_unverified(devnet: DevnetOnAnvil) -> None:
    # A Runtime of an unknown kind, as the public networks have it.
    known = KnownAddresses(runtime=devnet.contracts.session_queue_v2)
    resolved = await resolve_contracts(devnet.rpc, known, profile_with(SessionV2=devnet.contracts.session_v2))
    assert resolved.contracts.session_v2 == devnet.contracts.session_v2
    assert "unverified: a blog" in resolved.found[0].source
    [warning] = resolved.warnings
    assert devnet.contracts.session_v2 in warning
    assert SESSION_SETTING in warning


@pytest.mark.real
async def test_a_profile_s_address_without_code_leads_nowhere(devnet: DevnetOnAnvil) -> None:
    known = KnownAddresses(runtime=devnet.contracts.session_queue_v2)
    with pytest.raises(ProblemError) as told:
        await resolve_contracts(devnet.rpc, known, profile_with(SessionV2=STRANGER))
    problem = told.value.problem
    assert problem.code == "unresolved_contract"
    for words in (SESSION_SETTING, "the Runtime at", STRANGER, "a blog"):
        assert words in problem.why
    assert SESSION_SETTING in problem.remedy


@pytest.mark.real
async def test_another_queue_than_session_v2_s_own_is_taken_and_warned_of(devnet: DevnetOnAnvil) -> None:
    other = devnet.contracts.runtime
    known = KnownAddresses(session_v2=devnet.contracts.session_v2, session_queue_v2=other)
    resolved = await resolve_contracts(devnet.rpc, known)
    assert resolved.contracts.session_queue_v2 == other
    [warning] = resolved.warnings
    assert devnet.contracts.session_queue_v2 in warning


@pytest.mark.real
@pytest.mark.parametrize(
    ("known", "setting"),
    [
        (KnownAddresses(runtime=STRANGER), "CONTRACT_ADDRESS_RUNTIME"),
        (KnownAddresses(session_v2=STRANGER), SESSION_SETTING),
    ],
)
async def test_an_address_without_code_names_its_setting(
    devnet: DevnetOnAnvil, known: KnownAddresses, setting: str
) -> None:
    with pytest.raises(ProblemError) as told:
        await resolve_contracts(devnet.rpc, known)
    assert told.value.problem.code == "no_contract"
    assert STRANGER in told.value.problem.what
    assert setting in told.value.problem.remedy


@pytest.mark.real
async def test_nothing_set_says_what_would_help(devnet: DevnetOnAnvil) -> None:
    with pytest.raises(ProblemError) as told:
        await resolve_contracts(devnet.rpc, KnownAddresses(), load_profiles()["local"])
    assert told.value.problem.code == "unresolved_contract"
    assert "CONTRACT_ADDRESS_RUNTIME is not set" in told.value.problem.why


class Endpoint(ScriptedContracts):
    """Answers each method from a table."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(Generation.NEW, {})
        self._by_method = answers

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        return [self._by_method[method] for method, _ in calls]


@pytest.mark.parametrize("code", [7, ["0x"], {"code": "0x"}, True, "code"])
async def test_code_that_is_none_is_a_bad_answer(code: Any) -> None:
    with pytest.raises(ProblemError) as told:
        await resolve_contracts(Endpoint(eth_getCode=code), KnownAddresses(session_v2=STRANGER))
    assert told.value.problem.code == "bad_answer"


async def test_an_endpoint_that_limits_calls_has_not_said_no() -> None:
    endpoint = Endpoint(eth_getCode="0x01", eth_call=RpcError(429, "slow down"))
    with pytest.raises(RpcError) as told:
        await resolve_contracts(endpoint, KnownAddresses(session_v2=STRANGER))
    assert told.value.message == "slow down"


@pytest.mark.parametrize("answer", ["0x", "0x01", "0xzz", None, 7, {}, "0x" + "ff" * 32, "0x" + "00" * 32])
async def test_a_getter_that_answers_no_address_leads_nowhere(answer: Any) -> None:
    endpoint = Endpoint(eth_getCode="0x01", eth_call=answer)
    with pytest.raises(ProblemError) as told:
        await resolve_contracts(endpoint, KnownAddresses(session_v2=STRANGER))
    assert told.value.problem.code == "unresolved_contract"
    assert QUEUE_SETTING in told.value.problem.remedy


@pytest.mark.parametrize("chain_id", ["0x", "31337", "-0x1", "0x-1", "0x1_0", "0x" + "f" * 17, "", "0xzz"])
async def test_a_chain_id_that_is_no_number_is_a_bad_answer(chain_id: str) -> None:
    with pytest.raises(ProblemError) as told:
        await identify_chain(Endpoint(eth_chainId=chain_id, eth_getBlockByNumber=GENESIS), None)
    assert told.value.problem.code == "bad_answer"


@pytest.mark.parametrize(
    ("chain_id", "block"),
    [
        (31337, GENESIS),
        (None, GENESIS),
        (["0x7a69"], GENESIS),
        (RpcError(-32601, "no such method"), GENESIS),
        ("0x7a69", None),
        ("0x7a69", []),
        ("0x7a69", {}),
        ("0x7a69", {"hash": None}),
        ("0x7a69", {"hash": "0x1234"}),
        ("0x7a69", {"hash": 5}),
    ],
)
async def test_answers_of_the_wrong_type_are_no_chain(chain_id: Any, block: Any) -> None:
    with pytest.raises(ProblemError) as told:
        await identify_chain(Endpoint(eth_chainId=chain_id, eth_getBlockByNumber=block), None)
    assert told.value.problem.code == "no_rpc"


async def test_an_endpoint_that_claims_another_chain_is_refused() -> None:
    endpoint = Endpoint(eth_chainId="0x66eee", eth_getBlockByNumber=GENESIS)
    assert (await identify_chain(endpoint, 421614)).chain_id == 421614
    with pytest.raises(ProblemError) as told:
        await identify_chain(endpoint, 12515)
    assert told.value.problem.code == "wrong_chain"


def test_a_runtime_of_another_network_is_named() -> None:
    with pytest.raises(ProblemError) as told:
        check_network(421614, TESTNET_1.runtime)
    assert told.value.problem.code == "wrong_network"
    assert "12515" in told.value.problem.what


@pytest.mark.parametrize(
    ("chain_id", "runtime"),
    [
        (421614, None),
        (421614, TESTNET_0.runtime),
        (421614, load_profiles()["devnet7"].runtime),
        (421614, STRANGER),
        (31337, TESTNET_0.runtime),  # a copy of a network to try things on
        (5, TESTNET_0.runtime),
    ],
)
def test_other_runtimes_are_let_through(chain_id: int, runtime: str | None) -> None:
    check_network(chain_id, runtime)
