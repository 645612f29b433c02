"""A prompt on IPFS, answered there by a real node and model, with the IPFS node that ours runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.domain.health import IpfsHealth, Verdict
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.unixfs import file_id
from tests.support.ipfs_node import COMMAND, IpfsNode, ipfs_environment
from tests.world import World, status_of, until_verdict

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("ipfs")]
PROMPT = "Name three colours. — Größe, 色, 🙂"


async def ipfs_up(settings: Path) -> IpfsHealth:
    """Wait until the IPFS node answers; return how it stands."""
    async with asyncio.timeout(90):
        while not ((ipfs := (await status_of(settings)).store.ipfs) and ipfs.count and ipfs.out == 0):
            await asyncio.sleep(0.1)
    return ipfs


async def test_the_answer_is_where_its_address_says(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = IpfsNode(tmp_path / "repo")  # made, and started by our node
    for name in ("IPFS_PATH", "NODE_OPTIONS"):
        monkeypatch.setenv(name, ipfs_environment(repository.folder)[name])
    settings = world.settings(ENABLE_IPFS_SERVER="1", CORTENSOR_TUI_IPFS_COMMAND=str(COMMAND))
    session_id = await world.create_session()
    await world.bind(session_id)
    clients = IpfsNodes([repository.url], timeout_s=60)
    async with world.node(settings) as process:
        await until_verdict(settings, Verdict.SERVING, process)
        ipfs = await ipfs_up(settings)
        assert (ipfs.endpoint, ipfs.version, ipfs.error) == (repository.url, "0.10.8", "")
        prompt_cid = str(file_id(PROMPT.encode()))
        await clients.deliver(prompt_cid, PROMPT.encode())

        key = await world.submit(session_id, f"ipfs://{prompt_cid}")
        await world.until_ended(key)
        [result] = await world.reader.results(key)
        task = (await world.command(settings, "tasks", str(session_id)))["tasks"][0]
        answer = await clients.fetch(result.data.removeprefix("ipfs://"), 1_000_000)
        assert (task["prompt"], task["answer"]) == (PROMPT, answer.decode())
        proof = await world.command(settings, "verify", str(key))
        assert proof["verdict"] == "proven"
    await clients.close()
