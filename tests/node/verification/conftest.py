"""A node that answers, and a task that it has answered, on a devnet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortensor_tui.domain.tasks import TaskKey
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.node.answered import (
    AnsweringNode,
)


@pytest.fixture
async def node(devnet: DevnetOnAnvil, tmp_path: Path) -> AsyncIterator[AnsweringNode]:
    """A node that can answer tasks on a devnet."""
    answering = AnsweringNode(devnet, tmp_path)
    yield answering
    answering.database.close()


@pytest.fixture
async def task(node: AnsweringNode, devnet: DevnetOnAnvil) -> TaskKey:
    """A task that the node has answered."""
    key = TaskKey(*await devnet.assigned_task(node.address))
    await node.answer(key)
    return key
