"""An ordinary Ethereum client, ethers 6, does everything on a whole devnet of either kind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.contracts.abi import checksum, decode_output, encode_call
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.accounts import BALANCE_WEI, deployer_account, oracle_account
from cortensor_tui.devnet.anvil import AnvilBackend, start_anvil
from cortensor_tui.devnet.artifacts import load_artifact
from cortensor_tui.devnet.service import BackendName, DevnetInfo, run_devnet
from cortensor_tui.domain.networks import Generation
from cortensor_tui.domain.problems import ProblemError

pytestmark = pytest.mark.real
SCRIPT = Path(__file__).with_name("ethers_client.mjs")
PROMPT = "Why do chains need nonces? <b>ünïcode</b> ⛓"
ANSWER = 'Because order matters.\n\n"Always."</s>'


@asynccontextmanager
async def running_devnet(backend: BackendName, **settings: Any) -> AsyncIterator[DevnetInfo]:
    """A devnet from ready to stopped."""
    ready: asyncio.Queue[DevnetInfo] = asyncio.Queue()
    devnet = asyncio.create_task(run_devnet(backend=backend, port=0, on_ready=ready.put, **settings))
    waiting = asyncio.create_task(ready.get())
    try:
        await asyncio.wait([waiting, devnet], return_when=asyncio.FIRST_COMPLETED)
        if devnet.done():
            await devnet
        yield await waiting
    finally:
        waiting.cancel()
        devnet.cancel()
        await asyncio.gather(devnet, return_exceptions=True)


async def run_client(info: DevnetInfo) -> dict[str, Any]:
    """Run the client with the first two users' keys and return what it printed."""
    asked = {
        "rpc_url": info.rpc_url,
        "runtime": info.contracts.runtime,
        "owner_key": info.accounts[0].private_key,
        "miner_key": info.accounts[1].private_key,
        "abis": {name: load_artifact(name).abi for name in ("Runtime", "SessionV2", "SessionQueueV2")},
        "prompt": PROMPT,
        "answer": ANSWER,
    }
    client = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        json.dumps(asked),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, complained = await asyncio.wait_for(client.communicate(), 120)
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()
    assert client.returncode == 0, complained.decode()
    found: dict[str, Any] = json.loads(said)
    return found


@pytest.mark.parametrize("backend", ["anvil", "embedded"])
async def test_ethers_creates_binds_submits_answers_and_reads(
    backend: BackendName, node_modules: Path
) -> None:
    async with running_devnet(backend) as info:
        found = await run_client(info)

    node = info.accounts[1].address
    assert (found["session_id"], found["name"], found["dedicated_nodes"]) == (0, "ethers", [node])
    assert (found["task_id"], found["task"], found["status"]) == (0, PROMPT, 4)
    assert (found["miners"], found["data"]) == ([node], [ANSWER])
    assert found["refusal"] == "SessionQueueV2: the task has ended"
    assert found["ended_logs"] == 1
    assert sorted(found["seen"]) == [
        "TaskAcked 0/0",
        "TaskAllCommitted 0/0",
        "TaskAllPrecommitted 0/0",
        "TaskAssigned 0/0",
        "TaskEnded 0/0",
        "TaskQueued 0/0",
    ]


@pytest.mark.parametrize("backend", ["anvil", "embedded"])
async def test_users_are_funded_and_the_service_s_own_accounts_are_not_handed_out(
    backend: BackendName, node_modules: Path
) -> None:
    async with running_devnet(backend) as info:
        rpc = RpcClient(info.rpc_url)
        balances = await rpc.batch([("eth_getBalance", (one.address, "latest")) for one in info.accounts])
        chain_id = int(await rpc.call("eth_chainId"), 16)
        await rpc.close()

    assert [int(balance, 16) for balance in balances] == [BALANCE_WEI] * 10
    handed_out = {account.address for account in info.accounts}
    assert not handed_out & {oracle_account().address, deployer_account().address}
    assert info.chain_id == chain_id


@pytest.mark.parametrize(("backend", "generation"), [("anvil", Generation.MID), ("embedded", Generation.OLD)])
async def test_what_a_devnet_tells_of_itself_is_plain_json(
    backend: BackendName, generation: Generation, node_modules: Path
) -> None:
    async with running_devnet(backend, generation=generation) as info:
        told = json.loads(msgspec.json.encode(info))

    assert set(told) == {"chain_id", "rpc_url", "contracts", "accounts", "generation"}
    assert set(told["contracts"]) == {"runtime", "session_v2", "session_queue_v2"}
    assert [set(account) for account in told["accounts"]] == [{"address", "private_key"}] * 10
    assert told["rpc_url"].startswith("http://127.0.0.1:")
    assert told["generation"] == generation


async def test_a_stopped_devnet_leaves_nothing_listening(node_modules: Path) -> None:
    async with running_devnet("anvil") as info:
        pass
    rpc = RpcClient(info.rpc_url, timeout_s=2)

    with pytest.raises(ProblemError, match="did not answer"):
        await rpc.call("eth_chainId")
    await rpc.close()


async def test_a_devnet_with_a_state_file_comes_back_as_it_was(node_modules: Path, tmp_path: Path) -> None:
    state_file = tmp_path / "chain.json"
    async with running_devnet("anvil", state_file=state_file) as before:
        found = await run_client(before)
    with pytest.raises(ProblemError, match="The saved chain holds contracts of generation new, not old"):
        async with running_devnet("anvil", state_file=state_file, generation=Generation.OLD):
            pass
    async with running_devnet("anvil", state_file=state_file) as after:
        rpc = RpcClient(after.rpc_url)
        queue = load_artifact("SessionQueueV2").function("getTaskResults")
        call = {"to": after.contracts.session_queue_v2, "data": encode_call(queue, 0, 0)}
        miners, data = decode_output(queue, await rpc.call("eth_call", call, "latest"))
        await rpc.close()

    assert after.contracts == before.contracts
    assert ([checksum(miner) for miner in miners], list(data)) == (found["miners"], [ANSWER])


async def test_a_devnet_whose_chain_was_killed_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    chains: list[AnvilBackend] = []

    async def started(*given: Any) -> AnvilBackend:
        chains.append(await start_anvil(*given))
        return chains[0]

    monkeypatch.setattr("cortensor_tui.devnet.anvil.start_anvil", started)

    def kill(info: DevnetInfo) -> None:
        os.kill(chains[0].pid, signal.SIGKILL)

    with pytest.raises(ProblemError) as caught:
        await asyncio.wait_for(run_devnet(backend="anvil", port=0, on_ready=kill), 60)

    assert caught.value.problem.code == "chain_ended"
    assert "code -9" in caught.value.problem.why


async def test_the_embedded_chain_refuses_a_state_file(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        await run_devnet(
            backend="embedded", port=0, on_ready=lambda info: None, state_file=tmp_path / "chain.json"
        )

    assert caught.value.problem.code == "no_state_file"
    assert caught.value.problem.remedy
