"""When the last step of a task was due stays known when the task is over."""

from __future__ import annotations

import pytest

from cortensor_tui.domain.tasks import Stage
from cortensor_tui.node.views import ListedTexts, changed_view
from tests.devnet.devnet_on_anvil import DevnetOnAnvil
from tests.node.mining_node import MiningNode
from tests.node.task_story import acked, assigned, end

pytestmark = pytest.mark.real


async def test_a_missed_task_keeps_the_deadline_that_it_missed(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await acked(devnet, node, session_id)
    due_at = node.record(key).deadline_at
    await end(devnet, key)
    record = await node.until(key, Stage.MISSED)
    view = changed_view(record, node.link.journal, ListedTexts(node.store))
    assert due_at is not None
    assert (view.deadline_at, view.deadline_of) == (due_at, "precommit")


async def test_an_answered_task_keeps_the_deadline_of_its_commit(
    devnet: DevnetOnAnvil, node: MiningNode, session_id: int
) -> None:
    key = await assigned(devnet, session_id)
    await node.until(key, Stage.COMMITTED)
    await end(devnet, key)
    record = await node.until(key, Stage.ENDED)
    view = changed_view(record, node.link.journal, ListedTexts(node.store))
    assert record.precommitted_at is not None
    allowed_s = node.link.profile.commit_deadline_s
    assert (view.deadline_at, view.deadline_of) == (record.precommitted_at + allowed_s, "commit")
