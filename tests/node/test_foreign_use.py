"""An idle node whose key is used elsewhere says so by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.chain.transactions import idle_use
from cortensor_tui.node import link
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.node.mining_node import LONGEST_S, MINER, MiningNode

pytestmark = pytest.mark.real


async def test_an_idle_node_notices_that_its_key_is_used_elsewhere(
    devnet: DevnetOnAnvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "ACCOUNTS_EVERY_S", 0.0)
    monkeypatch.setattr(idle_use, "FOREIGN_PATIENCE_S", 0.0)
    node = MiningNode(devnet, tmp_path)
    await node.start()
    try:
        await node.look(5)
        assert node.streams.miner.problem is None
        await devnet.create_session(MINER.address)
        async with asyncio.timeout(LONGEST_S):
            while node.streams.miner.problem is None:
                await node.look()
        assert node.streams.miner.problem.code == "foreign_key_use"
    finally:
        await node.stop()
        node.database.close()
