"""What the contracts have in common: ownership, finding one another, and what a devnet lacks."""

from __future__ import annotations

import pytest

from cortensor_tui.devnet.artifacts import load_artifact
from tests.devnet.devnet_on_anvil import (
    ALICE,
    CAROL,
    DEPLOYER,
    ORACLE,
    OWNER,
    STRANGER,
    ZERO,
    DevnetOnAnvil,
    node_id,
)

pytestmark = pytest.mark.real


@pytest.mark.parametrize("contract", ["SessionV2", "SessionQueueV2", "Runtime"])
async def test_a_contract_is_handed_on_and_given_up_by_its_owner_alone(
    devnet: DevnetOnAnvil, contract: str
) -> None:
    assert await devnet.read(contract, "owner") == DEPLOYER.lower()
    assert "0x118cdaa7" in await devnet.refusal(STRANGER, contract, "transferOwnership", ALICE)
    assert "0x1e4fbdf7" in await devnet.refusal(DEPLOYER, contract, "transferOwnership", ZERO)
    await devnet.send(DEPLOYER, contract, "transferOwnership", CAROL)
    assert await devnet.read(contract, "owner") == CAROL.lower()
    await devnet.send(CAROL, contract, "renounceOwnership")
    assert await devnet.read(contract, "owner") == ZERO


async def test_the_runtime_names_the_modules_and_a_module_is_named_once(devnet: DevnetOnAnvil) -> None:
    session, queue = devnet.contracts.session_v2.lower(), devnet.contracts.session_queue_v2.lower()

    assert await devnet.read("Runtime", "getModuleAddress", "SessionV2") == session
    assert await devnet.read("Runtime", "getModuleAddress", "SessionQueueV2") == queue
    assert await devnet.read("Runtime", "getModuleAddress", "NodePool") == ZERO
    assert await devnet.read("SessionV2", "getSessionQueueAddress") == queue
    assert await devnet.read("SessionQueueV2", "isPrimaryModule", session) is True
    assert await devnet.refusal(DEPLOYER, "Runtime", "registerModule", "SessionV2", session) == (
        "Runtime: a module of this name is already registered"
    )
    assert await devnet.refusal(DEPLOYER, "Runtime", "registerModule", "Other", ALICE) == (
        "Runtime: a module must be a contract"
    )


@pytest.mark.parametrize("contract", ["SessionV2", "SessionQueueV2"])
async def test_what_a_devnet_does_not_have_reads_as_absent(devnet: DevnetOnAnvil, contract: str) -> None:
    bare = [entry["name"] for entry in load_artifact(contract).abi if entry.get("inputs") == []]
    absent = [name for name in bare if name.endswith("Address") and name != "getSessionQueueAddress"]
    switches = [name for name in bare if name.lower().startswith(("use", "getuse"))]

    assert len(absent) >= 7
    assert {await devnet.read(contract, name) for name in absent} == {ZERO}
    assert {await devnet.read(contract, name) for name in switches} == {False}
    assert await devnet.read(contract, "isOracleNode", ORACLE) is True
    assert await devnet.read(contract, "isOracleNode", OWNER) is False
    assert await devnet.read(contract, "getNodeId", ALICE) == node_id(ALICE)
