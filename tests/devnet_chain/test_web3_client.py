"""An ordinary Ethereum client, web3.py, against the embedded chain."""

from __future__ import annotations

import asyncio
from typing import Any

from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractLogicError

from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.embedded import start_embedded


def drive(url: str, private_key: str) -> dict[str, Any]:
    """Deploy the devnet's Runtime, read it, write to it, read its events and meet a revert."""
    web3 = Web3(Web3.HTTPProvider(url))
    owner = Account.from_key(private_key)
    artifact = load_artifact("Runtime")
    factory: Any = web3.eth.contract(abi=list(artifact.abi), bytecode=artifact.bytecode)

    def send(call: Any) -> Any:
        transaction = call.build_transaction(
            {"from": owner.address, "nonce": web3.eth.get_transaction_count(owner.address, "pending")}
        )
        raw = owner.sign_transaction(transaction).raw_transaction
        return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), 30, 0.02)

    deployed = send(factory.constructor())
    contract: Any = web3.eth.contract(address=deployed["contractAddress"], abi=list(artifact.abi))
    registered = send(contract.functions.registerModule("SessionV2", contract.address))
    try:
        contract.functions.registerModule("SessionV2", owner.address).call({"from": owner.address})
        revert = None
    except ContractLogicError as error:
        revert = error
    events = [name["name"] for name in artifact.abi if name["type"] == "event"]
    found = {name: getattr(contract.events, name)().get_logs(from_block=0) for name in events}
    return {
        "deployed": deployed["status"],
        "registered": registered["status"],
        "module": contract.functions.getModuleAddress("SessionV2").call(),
        "contract": contract.address,
        "revert": revert,
        "events": sum(len(logs) for logs in found.values()),
        "emitted": len(deployed["logs"]) + len(registered["logs"]),
        "block": web3.eth.get_block("latest", full_transactions=True),
        "history": web3.eth.fee_history(2, "latest", [50]),
        "syncing": web3.eth.syncing,
    }


async def test_web3_deploys_calls_reads_events_and_sees_reverts() -> None:
    private_key = "0x" + 64 * "5"
    backend = await start_embedded(0, {Account.from_key(private_key).address: 10**21})
    try:
        seen = await asyncio.to_thread(drive, backend.rpc_url, private_key)
    finally:
        await backend.stop()
    assert (seen["deployed"], seen["registered"]) == (1, 1)
    assert seen["module"] == seen["contract"]
    assert seen["events"] == seen["emitted"] > 0
    assert seen["revert"] is not None
    assert str(seen["revert"].message).startswith("execution reverted: ")
    assert len(str(seen["revert"].message)) > len("execution reverted: ")
    assert str(seen["revert"].data).startswith("0x08c379a0")
    assert seen["block"]["number"] >= 2
    assert len(seen["history"]["reward"]) == 2
    assert seen["syncing"] is False
