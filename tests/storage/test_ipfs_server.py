"""An IPFS node that ours runs (`ENABLE_IPFS_SERVER`): up, gone, up again, and whose folder it is."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cortensor_tui.storage.ipfs import server
from cortensor_tui.storage.ipfs.rpc import IpfsRpc
from cortensor_tui.storage.ipfs.server import IpfsServer
from tests.support.ipfs_node import COMMAND, IpfsNode, ipfs_environment, running_ipfs_node

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("ipfs")]
LONGEST_S = 90.0
LOOK_S = 0.05


class Run:
    """A server that runs until `stop`; `addresses` are those it told, None where it was gone."""

    def __init__(self, command: str, folder: Path, **more_environment: str) -> None:
        self.addresses: list[str | None] = []
        environment = {**ipfs_environment(folder), **more_environment}
        self.server = IpfsServer(command, environment, self.addresses.append)
        self._task = asyncio.create_task(self.server.run())

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONGEST_S):
            while not is_so():
                await asyncio.sleep(LOOK_S)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def daemons_of(folder: Path) -> list[psutil.Process]:
    """Return the processes that run an IPFS node in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("IPFS_PATH") == str(folder):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose IPFS node listens where no other does."""
    return IpfsNode(tmp_path / "repo").folder


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FIRST_RETRY_S", 0.1)
    monkeypatch.setattr(server, "LONGEST_RETRY_S", 0.1)
    monkeypatch.setattr(server, "_ASK_S", 1.0)


async def test_it_is_started_restarted_and_ended(folder: Path) -> None:
    run = Run(str(COMMAND), folder)
    await run.until(lambda: bool(run.addresses and run.addresses[-1]))
    address = run.addresses[-1]
    assert address is not None
    rpc = IpfsRpc(address)
    assert await rpc.version() == "0.10.8"
    await rpc.close()

    [daemon] = daemons_of(folder)
    daemon.kill()
    await run.until(lambda: None in run.addresses)
    await run.until(lambda: run.addresses[-1] is not None)
    assert [one.pid for one in daemons_of(folder)] != [daemon.pid]
    await run.stop()
    assert daemons_of(folder) == []


async def test_a_folder_that_another_process_has_is_used_where_that_answers(tmp_path: Path) -> None:
    with running_ipfs_node(tmp_path / "repo") as node:
        run = Run(str(COMMAND), node.folder)
        await run.until(lambda: bool(run.addresses))
        assert run.addresses == [node.url]
        assert len(daemons_of(node.folder)) == 1
        await run.stop()
        assert len(daemons_of(node.folder)) == 1, "it is not ours to end"


async def test_a_folder_that_another_process_has_without_answering_is_told(tmp_path: Path) -> None:
    with running_ipfs_node(tmp_path / "repo") as node:
        [daemon] = daemons_of(node.folder)
        daemon.suspend()
        try:
            run = Run(str(COMMAND), node.folder)
            await run.until(lambda: run.server.problem is not None)
            problem = run.server.problem
            await run.stop()
        finally:
            daemon.resume()
    assert problem is not None
    assert (problem.code, str(node.folder) in problem.what) == ("ipfs_locked", True)
    assert "ENABLE_IPFS_SERVER" in problem.remedy


async def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    run = Run(str(COMMAND), tmp_path / "new")
    await run.until(lambda: (tmp_path / "new/config").exists())
    await run.stop()
    assert daemons_of(tmp_path / "new") == []


async def test_a_program_that_is_not_installed_is_told(tmp_path: Path) -> None:
    run = Run("no-such-ipfs", tmp_path)
    await run.until(lambda: run.server.problem is not None)
    problem = run.server.problem
    await run.stop()
    assert problem is not None
    assert problem.code == "ipfs_no_command"
    assert "CORTENSOR_TUI_IPFS_COMMAND" in problem.remedy


async def test_what_ends_at_once_says_why(tmp_path: Path) -> None:
    command = tmp_path / "ipfs"
    command.write_text("#!/bin/sh\necho 'no such \033[31mthing' >&2\nexit 3\n")
    command.chmod(0o755)
    run = Run(str(command), tmp_path / "repo")
    await run.until(lambda: run.server.problem is not None)
    problem = run.server.problem
    await run.stop()
    assert problem is not None
    assert problem.why == "no such ␛[31mthing (exit code 3)"


async def test_it_gets_of_the_environment_what_is_its_own(tmp_path: Path) -> None:
    command = tmp_path / "ipfs"
    command.write_text(f"#!/bin/sh\nenv > {tmp_path / 'told'}\nexit 3\n")
    command.chmod(0o755)
    run = Run(str(command), tmp_path / "repo", IPFS_LOGGING="debug", NODE_PRIVATE_KEY="k", CLOUD_TOKEN="t")
    await run.until(lambda: run.server.problem is not None)
    await run.stop()
    told = dict(line.partition("=")[::2] for line in (tmp_path / "told").read_text().splitlines())
    assert (told["IPFS_PATH"], told["IPFS_LOGGING"]) == (str(tmp_path / "repo"), "debug")
    assert {"PATH", "HOME"} <= told.keys()
    assert not {"NODE_PRIVATE_KEY", "CLOUD_TOKEN"} & told.keys()


async def test_one_that_runs_and_never_answers_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENT_S", 0.1)
    command = tmp_path / "ipfs"
    command.write_text(
        '#!/bin/sh\n[ "$1" = daemon ] && exec sleep 60\nmkdir -p "$IPFS_PATH"; : > "$IPFS_PATH/config"\n'
    )
    command.chmod(0o755)
    run = Run(str(command), tmp_path / "repo")
    await run.until(lambda: run.server.problem is not None)
    problem = run.server.problem
    await run.stop()
    assert problem is not None
    assert (problem.code, "does not answer" in problem.what) == ("ipfs_silent", True)


async def test_what_it_leaves_behind_does_not_keep_its_end_from_being_told(tmp_path: Path) -> None:
    command = tmp_path / "ipfs"
    left = tmp_path / "left"
    command.write_text(
        '#!/bin/sh\n[ "$1" = init ] && { mkdir -p "$IPFS_PATH"; : > "$IPFS_PATH/config"; exit 0; }\n'
        f"sleep 60 & echo $! >> {left}; exit 3\n"  # which has its output open
    )
    command.chmod(0o755)
    run = Run(str(command), tmp_path / "repo")
    try:
        async with asyncio.timeout(15):
            await run.until(lambda: run.server.problem is not None)
    finally:
        await run.stop()
        for pid in left.read_text().split():
            os.kill(int(pid), signal.SIGTERM)
        await asyncio.sleep(LOOK_S)  # now its line is closed, which the loop has to see before it ends
    assert run.server.problem is not None
    assert "exit code 3" in run.server.problem.why


async def test_it_ends_with_its_node_however_that_ends(folder: Path) -> None:
    program = (
        "import asyncio, os, sys\n"
        "from cortensor_tui.storage.ipfs.server import IpfsServer\n"
        "os.environ['IPFS_PATH'] = sys.argv[1]\n"
        "asyncio.run(IpfsServer(sys.argv[2], os.environ, lambda told: print(told, flush=True)).run())\n"
    )
    environ = {name: value for name, value in ipfs_environment(folder).items() if name != "IPFS_PATH"}
    node = subprocess.Popen(  # noqa: ASYNC220 - its lines are read in a thread
        [sys.executable, "-c", program, str(folder), str(COMMAND)],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert node.stdout is not None
    told = await asyncio.to_thread(node.stdout.readline)
    assert told.startswith("http://127.0.0.1:")
    assert daemons_of(folder)
    node.kill()
    node.wait()
    async with asyncio.timeout(LONGEST_S):
        while await asyncio.to_thread(daemons_of, folder):
            await asyncio.sleep(LOOK_S)
