"""anvil as the devnet's chain: found, started, funded, kept in a file, and never left behind."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

import cortensor_tui
from cortensor_tui.chain.rpc.client import RpcClient
from cortensor_tui.devnet.anvil import AnvilBackend, find_anvil, keep_one_genesis, start_anvil
from cortensor_tui.devnet.backend import Backend
from cortensor_tui.domain.problems import ProblemError
from tests.devnet_chain.conftest import account, sign_transfer, wait_for_block

_PARENT = """
import asyncio, sys
from cortensor_tui.devnet.anvil import start_anvil

async def main():
    backend = await start_anvil(0, {}, 0)
    print(backend.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def pid_of(backend: Backend) -> int:
    """Return anvil's process id."""
    assert isinstance(backend, AnvilBackend)
    return backend.pid


def program(folder: Path) -> Path:
    """Put a program that does nothing into a folder."""
    path = folder / "anvil"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 3\n")
    path.chmod(0o700)
    return path


def test_a_named_program_is_taken_before_any_other(tmp_path: Path) -> None:
    assert find_anvil(program(tmp_path)) == tmp_path / "anvil"
    with pytest.raises(ProblemError, match="is not a program that can be run"):
        find_anvil(tmp_path / "missing")


def test_npm_in_this_folder_comes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(cortensor_tui, "__file__", str(tmp_path / "site" / "cortensor_tui" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ProblemError, match="npm install --ignore-scripts @foundry-rs/anvil-linux-amd64"):
        find_anvil()
    on_path = program(tmp_path / "bin")
    assert find_anvil() == on_path
    in_npm = program(tmp_path / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin")
    assert find_anvil() == in_npm


async def test_a_program_that_ends_at_once_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="It ended with code 3"):
        await start_anvil(0, {}, 0, binary=program(tmp_path))


@pytest.mark.real
async def test_it_starts_funded_mines_at_once_and_leaves_nothing_behind() -> None:
    backend = await start_anvil(0, {account(1).address: 10**21}, 0)
    rpc = RpcClient(backend.rpc_url)
    try:
        assert await rpc.call("eth_chainId") == "0x7a69"
        assert await rpc.call("eth_accounts") == []
        assert await rpc.call("eth_getBalance", account(1).address, "latest") == hex(10**21)
        raw = "0x" + sign_transfer(account(1), 0).hex()
        await rpc.call("eth_sendRawTransaction", raw)
        await wait_for_block(rpc, 1)
        assert await rpc.call("eth_getTransactionCount", account(1).address, "latest") == "0x1"
    finally:
        await rpc.close()
        await backend.stop()
        await backend.stop()
    assert not psutil.pid_exists(pid_of(backend))


@pytest.mark.real
async def test_a_state_file_keeps_the_chain_and_its_balances(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    funded: dict[str, int] = {account(1).address: 10**21}
    first = await start_anvil(0, funded, 0, state_file=state)
    rpc = RpcClient(first.rpc_url)
    await rpc.call("eth_sendRawTransaction", "0x" + sign_transfer(account(1), 0, value=5).hex())
    await wait_for_block(rpc, 1)
    balance = await rpc.call("eth_getBalance", account(1).address, "latest")
    await rpc.close()
    await first.stop()
    assert state.exists()

    second = await start_anvil(0, funded, 0, state_file=state)
    rpc = RpcClient(second.rpc_url)
    try:
        assert await rpc.call("eth_blockNumber") == "0x1"
        assert await rpc.call("eth_getBalance", account(1).address, "latest") == balance
    finally:
        await rpc.close()
        await second.stop()


def test_the_oldest_genesis_is_kept_and_what_is_no_state_is_left_alone(tmp_path: Path) -> None:
    def block(number: int, timestamp: int) -> dict[str, dict[str, str]]:
        return {"header": {"number": hex(number), "timestamp": hex(timestamp)}}

    state = tmp_path / "state.json"
    blocks = [block(1, 7), block(0, 9), block(0, 5), block(0, 8)]
    state.write_bytes(msgspec.json.encode({"blocks": blocks, "rest": 1}))
    keep_one_genesis(state)
    kept = msgspec.json.decode(state.read_bytes())
    assert kept == {"blocks": [block(0, 5), block(1, 7)], "rest": 1}
    state.write_text('{"blocks": [')
    keep_one_genesis(state)
    assert state.read_text() == '{"blocks": ['


@pytest.mark.real
async def test_a_taken_port_is_a_problem_that_says_so() -> None:
    first = await start_anvil(0, {}, 0)
    port = int(first.rpc_url.rsplit(":", 1)[1])
    try:
        with pytest.raises(ProblemError) as caught:
            await start_anvil(port, {}, 0)
    finally:
        await first.stop()
    assert f"127.0.0.1:{port}" in caught.value.problem.what
    assert "in use" in caught.value.problem.why


@pytest.mark.real
async def test_it_ends_when_its_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE, cwd=os.getcwd()
    )
    assert parent.stdout is not None
    child = psutil.Process(int(await parent.stdout.readline()))
    assert child.name() == "anvil"
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], 10)
    assert gone == [child]


@pytest.mark.real
async def test_an_interval_mines_without_transactions() -> None:
    backend = await start_anvil(0, {}, 1)
    rpc = RpcClient(backend.rpc_url)
    try:
        await wait_for_block(rpc, 1)
    finally:
        await rpc.close()
        await backend.stop()
