"""The devnet's fixtures, a real anvil with our contracts, and a mining node on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortensor_tui.chain.rpc.client import Rpc
from tests.devnet.conftest import anvil_url, devnet, node_modules
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil
from tests.node.mining_node import MINER, MiningNode

__all__ = ["anvil_url", "devnet", "node_modules"]


@pytest.fixture
def node_rpc(devnet: DevnetOnAnvil) -> Rpc:
    """How the node asks the chain."""
    return devnet.rpc


@pytest.fixture
async def node(devnet: DevnetOnAnvil, node_rpc: Rpc, tmp_path: Path) -> AsyncIterator[MiningNode]:
    """A node that serves what the owner binds it to."""
    mining = MiningNode(devnet, tmp_path, node_rpc)
    await mining.start()
    yield mining
    await mining.stop()
    mining.database.close()


@pytest.fixture
async def session_id(devnet: DevnetOnAnvil, node: MiningNode) -> int:
    """A session of the owner's, with the node bound to it."""
    found = await devnet.create_session(OWNER, nodes=(MINER.address,))
    await node.look()
    return found
