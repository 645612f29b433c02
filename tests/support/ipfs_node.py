"""A real IPFS node for tests: js-ipfs in a folder of its own, which goes and comes back on the same port."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from tests.support.ports import lasting_port

PARTS = Path(__file__).parents[1] / "ipfs_node"
COMMAND = PARTS / "node_modules/.bin/jsipfs"
LONGEST_START_S = 90.0


class IpfsNode:
    """One node, offline: it has no peers."""

    def __init__(self, folder: Path) -> None:
        assert COMMAND.exists(), "the IPFS node of the tests is not installed: run `make ipfs-node`"
        self.folder = folder
        self.url = f"http://127.0.0.1:{lasting_port()}"
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [COMMAND, "init", "--profile", "test", "--empty-repo"],
            env=ipfs_environment(folder),
            check=True,
            capture_output=True,
            timeout=LONGEST_START_S,
        )
        let_listen(folder, int(self.url.rpartition(":")[2]))

    def start(self) -> None:
        """Start it and wait until it answers and its folder says where: that comes a moment later."""
        self._process = subprocess.Popen(
            [COMMAND, "daemon", "--offline"],
            env=ipfs_environment(self.folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            restore_signals=False,  # Python ignores SIGXFSZ, which would end it when its disk is full
        )
        until = time.monotonic() + LONGEST_START_S
        while not (self._answers() and (self.folder / "api").exists()):
            assert self._process.poll() is None, "the IPFS node ended"
            assert time.monotonic() < until, "the IPFS node does not answer"
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def fill_disk(self) -> None:
        """Let it write no more, as on a full disk."""
        assert self._process is not None
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def free_disk(self) -> None:
        """Let it write again; js-ipfs may have ended over what it could not write."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()
            return
        limits = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, limits)

    def pinned(self) -> set[str]:
        """Return what it keeps, by content ids of version 0 or in base58."""
        told = self._ask("pin/ls?type=recursive&stream=false")
        return set(json.loads(told)["Keys"])

    def _answers(self) -> bool:
        try:
            return bool(self._ask("version"))
        except OSError:
            return False

    def _ask(self, call: str) -> bytes:
        request = urllib.request.Request(f"{self.url}/api/v0/{call}", method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            told: bytes = response.read()
        return told


async def add_file(url: str, data: bytes, **options: str) -> str:
    """Add a file to a node as its options say; return the id that the node writes."""
    form = aiohttp.FormData()
    form.add_field("file", data, filename="file", content_type="application/octet-stream")
    asked = {"progress": "false", **options}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/api/v0/add", params=asked, data=form) as response,
    ):
        return str((await response.json(content_type=None))["Hash"])


def ipfs_environment(folder: Path) -> dict[str, str]:
    """Return what the program runs with."""
    polyfill = PARTS / "promise_with_resolvers.cjs"
    return {**os.environ, "IPFS_PATH": str(folder), "NODE_OPTIONS": f"-r {polyfill}"}


def let_listen(folder: Path, port: int) -> None:
    """Have the node of a folder listen on one port, and on no fixed one else."""
    path = folder / "config"
    config = json.loads(path.read_text())
    config["Addresses"] |= {"API": f"/ip4/127.0.0.1/tcp/{port}", "RPC": "/ip4/127.0.0.1/tcp/0"}
    path.write_text(json.dumps(config))


@contextmanager
def running_ipfs_node(folder: Path) -> Iterator[IpfsNode]:
    """Run one until the block is left."""
    node = IpfsNode(folder)
    node.start()
    try:
        yield node
    finally:
        node.stop()
