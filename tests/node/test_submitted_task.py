"""The transaction that made a task says which one, once it is mined."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cortensor_tui.chain.contracts.calls import NewTask, submit_call
from cortensor_tui.chain.transactions import Purpose
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.node.owner_messages import Sent, Submit
from tests.chain.transactions.stream import Stream, holding_blocks
from tests.devnet.devnet_on_anvil import OWNER, DevnetOnAnvil, in_every_generation
from tests.node.session_owner import Owner, owner

__all__ = ["owner"]
pytestmark = pytest.mark.real


async def submit(stream: Stream, session_id: int) -> Transaction:
    asked = Submit(session_id=session_id, prompt="hello")
    call = submit_call(stream.reader, NewTask(**msgspec.structs.asdict(asked)))
    return await stream.sender.send(call, Purpose(kind=TransactionKind.SUBMIT, session_id=session_id))


@in_every_generation
async def test_a_mined_submit_is_among_the_transactions_of_its_task(
    devnet: DevnetOnAnvil, owner: Owner
) -> None:
    session_id = await devnet.create_session(OWNER)
    await devnet.submit(session_id, "another's")
    sent = await owner.ask(Submit(session_id=session_id, prompt="hello"), Sent)
    key = TaskKey(session_id, 1)
    assert (sent.task_key, sent.transaction.task_key) == (key, key)
    assert owner.stream.now(sent.transaction) == sent.transaction
    assert owner.stream.journal.transactions.gas_fees([key]) == {}, "answering it has cost nothing"


async def test_a_submit_that_was_mined_while_the_node_was_away_says_its_task_too(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER)
    stream = Stream(devnet, tmp_path / "journal.sqlite")
    await stream.sender.start()
    async with holding_blocks(devnet):
        sent = await submit(stream, session_id)
        assert sent.task_key is None
    again = Stream(devnet, stream.journal_path)
    await again.sender.start()
    settled = await again.settled(sent)
    assert settled.state is TransactionState.MINED
    assert again.now(sent).task_key == TaskKey(session_id, 0)


async def test_a_submit_that_the_chain_takes_back_has_no_task_until_it_is_mined_again(
    devnet: DevnetOnAnvil, tmp_path: Path
) -> None:
    session_id = await devnet.create_session(OWNER)
    stream = Stream(devnet, tmp_path / "journal.sqlite")
    await stream.sender.start()
    sent = await submit(stream, session_id)
    assert (await stream.settled(sent)).task_key == TaskKey(session_id, 0)
    await devnet.rpc.call("anvil_reorg", 1, [])
    await stream.sender.reread()
    assert any(one.state is TransactionState.SENT and one.task_key is None for one in stream.told[-3:])
    assert (await stream.settled(sent)).task_key == TaskKey(session_id, 0)
