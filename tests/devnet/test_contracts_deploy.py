"""Putting the contracts on a chain, finding them again, and sending as the devnet's own keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from cortensor_tui.chain.contracts.abi import encode_call
from cortensor_tui.chain.networks.resolve import KnownAddresses, resolve_contracts
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import BALANCE_WEI, DevAccount, dev_account, user_accounts
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.deploy import deploy, find_deployed
from cortensor_tui.devnet.sender import DevSender, Outgoing
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError
from tests.devnet.devnet_on_anvil import ALICE, ORACLE, OWNER, DevnetOnAnvil

pytestmark = pytest.mark.real


@pytest.fixture
async def rpc(anvil_url: str) -> AsyncIterator[RpcClient]:
    """The module's anvil."""
    client = RpcClient(anvil_url)
    yield client
    await client.close()


async def funded(rpc: RpcClient, name: str) -> DevAccount:
    account = dev_account(name)
    await rpc.call("anvil_setBalance", account.address, hex(BALANCE_WEI))
    return account


def test_accounts_are_the_same_every_time_and_all_different() -> None:
    accounts = [*user_accounts(), dev_account("deployer"), dev_account("oracle")]

    assert accounts[0].private_key == "0x" + keccak(text="cortensor-tui devnet account 0").hex()
    assert len({account.address for account in accounts}) == 12
    for account in accounts:
        assert Account.from_key(account.private_key).address == account.address


async def test_deployed_contracts_are_found_again(rpc: RpcClient) -> None:
    deployer = await funded(rpc, "deployer of the first test")
    assert await find_deployed(rpc, deployer.address) is None

    contracts = await deploy(rpc, deployer.private_key, ORACLE)

    assert await find_deployed(rpc, deployer.address) == contracts


@pytest.mark.parametrize("generation", list(Generation))
async def test_contracts_are_found_again_in_their_own_generation_alone(
    rpc: RpcClient, generation: Generation
) -> None:
    deployer = await funded(rpc, f"deployer of generation {generation}")
    contracts = await deploy(rpc, deployer.private_key, ORACLE, generation)

    assert await find_deployed(rpc, deployer.address, generation) == contracts
    for other in set(Generation) - {generation}:
        with pytest.raises(ProblemError) as caught:
            await find_deployed(rpc, deployer.address, other)
        assert caught.value.problem.code == "other_generation"
        assert f"Ask for generation {generation}" in caught.value.problem.remedy


async def test_a_node_resolves_the_modules_from_the_runtime_alone(rpc: RpcClient) -> None:
    deployer = await funded(rpc, "deployer of the second test")
    contracts = await deploy(rpc, deployer.private_key, ORACLE)

    resolved = (await resolve_contracts(rpc, KnownAddresses(runtime=contracts.runtime))).contracts

    assert (resolved.session_v2, resolved.session_queue_v2) == (
        contracts.session_v2,
        contracts.session_queue_v2,
    )


async def test_a_chain_on_which_the_deployer_did_something_else_is_told(rpc: RpcClient) -> None:
    deployer = await funded(rpc, "deployer of the third test")
    await DevSender(rpc, deployer.private_key).send(Outgoing(text="a transfer", to=ALICE, data="0x"))

    with pytest.raises(ProblemError) as caught:
        await find_deployed(rpc, deployer.address)

    assert caught.value.problem.code == "foreign_state"
    assert "state file" in caught.value.problem.remedy


async def test_a_deployer_without_money_is_told(rpc: RpcClient) -> None:
    with pytest.raises(ProblemError, match="Deploying Runtime was refused"):
        await deploy(rpc, dev_account("deployer of the fourth test").private_key, ORACLE)


async def test_what_would_revert_is_not_sent_and_holds_nothing_up(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session()
    bind = load_artifact("SessionV2").function("addDedicatedNode")
    owner = next(account for account in user_accounts() if account.address == OWNER)
    outgoing = [
        Outgoing(text=text, to=devnet.contracts.session_v2, data=encode_call(bind, number, ALICE))
        for text, number in (("Binding to none", 99), ("binding", session_id))
    ]
    nonce = await devnet.rpc.call("eth_getTransactionCount", OWNER, "latest")

    problems = await DevSender(devnet.rpc, owner.private_key).send_all(outgoing)

    assert problems[0] is not None
    assert problems[0].sentence() == "Binding to none was refused. SessionV2: there is no such session."
    assert problems[1] is None
    assert await devnet.read("SessionV2", "getDedicatedNodeExists", session_id, ALICE) is True
    sent = int(await devnet.rpc.call("eth_getTransactionCount", OWNER, "latest"), 16) - int(nonce, 16)
    assert sent == 1


async def test_a_transaction_that_fails_when_mined_is_told_with_its_sentence(devnet: DevnetOnAnvil) -> None:
    session_id = await devnet.create_session(nodes=(ALICE,))
    bind = load_artifact("SessionV2").function("addDedicatedNode")
    owner = next(account for account in user_accounts() if account.address == OWNER)
    again = Outgoing(
        text="binding again",
        to=devnet.contracts.session_v2,
        data=encode_call(bind, session_id, ALICE),
        gas_limit=200_000,
    )

    with pytest.raises(ProblemError) as caught:
        await DevSender(devnet.rpc, owner.private_key).send(again)

    assert caught.value.problem.why == "SessionV2: the node is already bound to this session"
