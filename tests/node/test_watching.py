"""What a watcher makes of a chain: each stage as it comes, others' tasks left out, and a chain taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cortensor_tui.chain.contracts.abi import encode_call
from cortensor_tui.chain.rpc.client import Call, Rpc, RpcError
from cortensor_tui.domain.sessions import Service
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.domain.transactions import Transaction, TransactionKind, TransactionState
from cortensor_tui.domain.verification import Finding, ProofVerdict
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.tasks import TaskRecord
from cortensor_tui.node.duty import Told
from cortensor_tui.node.guarding import known_contracts
from cortensor_tui.node.link import ChainLink, LinkedAddresses, open_link
from cortensor_tui.node.verification import verify
from cortensor_tui.node.verification.evidence import Ground
from cortensor_tui.node.verification.judging import ONLY_WATCHED
from cortensor_tui.node.verification.steps import SIGNED_ELSEWHERE
from cortensor_tui.node.watching import room, tasks, transactions
from cortensor_tui.node.watching.room import Watching
from cortensor_tui.node.watching.sightings import SeenStep
from cortensor_tui.settings import env_line, load_settings
from cortensor_tui.storage.local_store import LocalStore
from tests.devnet.devnet_on_anvil import (
    ALICE,
    BOB,
    ORACLE,
    OWNER,
    DevnetOnAnvil,
    in_every_generation,
)
from tests.devnet.task_steps import ANSWER, QUEUE, answer, hash_of
from tests.support.scripted_rpc import PassingRpc, ScriptedRpc

pytestmark = pytest.mark.real


class Watcher:
    """Watches Alice, look by look."""

    def __init__(self, link: ChainLink, store: LocalStore) -> None:
        self.link = link
        self.store = store
        self.tasks: list[TaskRecord] = []
        self.sent: list[Transaction] = []
        told = Told(on_task=self.tasks.append, on_transaction=self.sent.append)
        self.watching = Watching(link, store, told)

    async def look(self) -> None:
        assert await self.watching.look()

    def record(self, key: tuple[int, int]) -> TaskRecord | None:
        return self.link.journal.tasks.get(TaskKey(*key))

    def stage(self, key: tuple[int, int]) -> Stage | None:
        record = self.record(key)
        return None if record is None else record.stage


class WithoutOldLogs(ScriptedRpc):
    """An endpoint that has pruned the logs of single blocks that are asked for, and answers all else."""

    def __init__(self, rpc: Rpc) -> None:
        self.url = rpc.url
        self._rpc = rpc

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await self._rpc.batch(calls)
        return [
            RpcError(-32000, "pruned") if _is_old(call) else told
            for call, told in zip(calls, answers, strict=True)
        ]


def _is_old(call: Call) -> bool:
    method, params = call
    return method == "eth_getLogs" and params[0]["fromBlock"] == params[0]["toBlock"]


class WithoutOldBlocks(PassingRpc):
    """An endpoint that knows the first block and the newest one alone, as after a fast sync."""

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await super().batch(calls)
        return [
            None if method == "eth_getBlockByNumber" and params[0] not in ("0x0", "latest") else told
            for (method, params), told in zip(calls, answers, strict=True)
        ]


class WithoutOneDecoration(PassingRpc):
    """An endpoint that refuses, again and again, how the prompt of one task is to be treated."""

    def __init__(self, rpc: Rpc) -> None:
        super().__init__(rpc)
        self.refused = ""

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        answers = await super().batch(calls)
        return [
            RpcError(-32000, "refused")
            if method == "eth_call" and params[0]["data"] == self.refused
            else told
            for (method, params), told in zip(calls, answers, strict=True)
        ]


@pytest.fixture
def rpc(devnet: DevnetOnAnvil) -> Rpc:
    """How the chain is asked."""
    return devnet.rpc


@pytest.fixture
async def watcher(devnet: DevnetOnAnvil, rpc: Rpc, tmp_path: Path) -> AsyncIterator[Watcher]:
    values = {
        "HOST": devnet.rpc.url,
        "CHAINID": "31337",
        "CORTENSOR_TUI_SESSION_V2_ADDRESS": devnet.contracts.session_v2,
        "CORTENSOR_TUI_SESSION_QUEUE_V2_ADDRESS": devnet.contracts.session_queue_v2,
        "CORTENSOR_TUI_WATCH_ADDRESS": ALICE,
    }
    path = tmp_path / "watch.env"
    path.write_text("".join(env_line(key, value) for key, value in values.items()))
    database = Database.open(tmp_path / "watching.sqlite")
    addresses = LinkedAddresses(ALICE, ALICE, is_paying=False)
    link = await open_link(rpc, load_settings(path, {}), database, addresses)
    yield Watcher(link, LocalStore(tmp_path / "payloads"))
    database.close()


async def queued(devnet: DevnetOnAnvil, *nodes: str) -> tuple[int, int]:
    session_id = await devnet.create_session(OWNER, nodes=nodes, redundant=len(nodes))
    return session_id, await devnet.submit(session_id)


async def assign(devnet: DevnetOnAnvil, key: tuple[int, int], *nodes: str) -> None:
    await devnet.send(ORACLE, QUEUE, "assignTask", *devnet.assignment(key, *nodes))


async def end(devnet: DevnetOnAnvil, key: tuple[int, int]) -> None:
    await devnet.send(ORACLE, QUEUE, "end", *key, True)


@in_every_generation
async def test_each_stage_is_seen_as_it_comes(devnet: DevnetOnAnvil, watcher: Watcher) -> None:
    key = await queued(devnet, ALICE)
    await watcher.look()
    assert watcher.stage(key) is Stage.QUEUED, "the session has no other node"
    [view] = watcher.watching.sessions.views()
    assert view.service is Service.WATCHED

    await assign(devnet, key, ALICE)
    await watcher.look()
    assert watcher.stage(key) is Stage.ASSIGNED
    for step, stage in (("ack", Stage.ACKED), ("precommit", Stage.PRECOMMITTED), ("commit", Stage.COMMITTED)):
        extra = {"ack": (), "precommit": (hash_of(ANSWER), ""), "commit": (ANSWER,)}[step]
        await devnet.send(ALICE, QUEUE, step, *key, *extra)
        await watcher.look()
        assert watcher.stage(key) is stage
        record = watcher.record(key)
        assert record is not None
        assert (record.answer_hash is not None) == (stage is not Stage.ACKED)
        assert (record.answer_cid is not None) == (stage is Stage.COMMITTED)
    await end(devnet, key)
    await watcher.look()

    record = watcher.record(key)
    assert record is not None
    assert (record.stage, record.note) == (Stage.ENDED, "")
    assert record.answer_cid is not None
    assert watcher.store.get(record.answer_cid).decode() == ANSWER
    assert record.answer_hash == "0x" + hash_of(ANSWER).hex()
    assert [one.kind for one in watcher.sent] == [
        TransactionKind.ACK,
        TransactionKind.PRECOMMIT,
        TransactionKind.COMMIT,
    ]
    assert [one.call.split("(")[0] for one in watcher.sent] == [
        f"SessionQueueV2.{step}" for step in ("ack", "precommit", "commit")
    ]


async def test_what_is_others_is_left_out(devnet: DevnetOnAnvil, watcher: Watcher) -> None:
    shared = await queued(devnet, ALICE, BOB)
    await watcher.look()
    assert watcher.stage(shared) is None, "another node may get it"
    await assign(devnet, shared, BOB)
    await answer(devnet, shared, BOB)
    await end(devnet, shared)
    await watcher.look()
    assert watcher.stage(shared) is None
    assert watcher.sent == []

    alone = await queued(devnet, BOB)
    await watcher.look()
    assert watcher.stage(alone) is None
    assert watcher.tasks == []


async def test_an_answer_that_never_came_is_a_miss(devnet: DevnetOnAnvil, watcher: Watcher) -> None:
    key = await queued(devnet, ALICE)
    await assign(devnet, key, ALICE)
    await answer(devnet, key, ALICE, upto="ack")
    await watcher.look()
    await end(devnet, key)
    await watcher.look()

    record = watcher.record(key)
    assert record is not None
    assert (record.stage, record.note) == (Stage.MISSED, tasks.MISSED)
    assert record.acked_at is not None
    assert (record.precommitted_at, record.answer_cid) == (None, None)


async def test_what_a_reorganisation_takes_back_is_taken_back_here(
    devnet: DevnetOnAnvil, watcher: Watcher
) -> None:
    key = await queued(devnet, ALICE)
    await assign(devnet, key, ALICE)
    await answer(devnet, key, ALICE, upto="ack")
    await watcher.look()
    assert watcher.stage(key) is Stage.ACKED
    [ack] = watcher.sent

    await devnet.rpc.call("anvil_reorg", 1, [])
    await watcher.look()

    assert watcher.stage(key) is Stage.ASSIGNED
    record = watcher.record(key)
    assert record is not None
    assert record.acked_at is None
    gone = watcher.link.journal.transactions.with_hash(ack.hash)
    assert gone is not None
    assert (gone.state, gone.error) == (TransactionState.REPLACED, transactions.TAKEN_BACK)
    assert gone.fee_wei is None

    await answer(devnet, key, ALICE, upto="ack")
    await watcher.look()
    assert watcher.stage(key) is Stage.ACKED


async def test_another_answer_on_another_fork_takes_the_place_of_the_first(
    devnet: DevnetOnAnvil, watcher: Watcher
) -> None:
    key = await queued(devnet, ALICE)
    await assign(devnet, key, ALICE)
    await answer(devnet, key, ALICE)
    await watcher.look()
    await devnet.rpc.call("anvil_reorg", 2, [])
    await devnet.send(ALICE, QUEUE, "precommit", *key, hash_of("Another."), "")
    await devnet.send(ALICE, QUEUE, "commit", *key, "Another.")
    await watcher.look()

    record = watcher.record(key)
    assert record is not None
    assert record.answer_cid is not None
    assert watcher.store.get(record.answer_cid).decode() == "Another."
    assert record.answer_hash == "0x" + hash_of("Another.").hex()


async def answered(devnet: DevnetOnAnvil) -> tuple[int, int]:
    """Have a task answered before anybody watches."""
    key = await queued(devnet, ALICE)
    await assign(devnet, key, ALICE)
    await answer(devnet, key, ALICE)
    return key


async def test_the_last_blocks_before_the_first_look_are_read_too(
    devnet: DevnetOnAnvil, watcher: Watcher
) -> None:
    key = await answered(devnet)
    await watcher.look()

    assert watcher.stage(key) is Stage.COMMITTED
    assert [one.kind.value for one in watcher.sent] == ["ack", "precommit", "commit"]


class TestWithoutOldLogs:
    """The journal begins at the head then; state tells the tasks all the same."""

    @pytest.fixture
    def rpc(self, devnet: DevnetOnAnvil) -> Rpc:
        return WithoutOldLogs(devnet.rpc)

    async def test_it_begins_at_the_head(self, devnet: DevnetOnAnvil, watcher: Watcher) -> None:
        key = await answered(devnet)
        await watcher.look()

        assert watcher.stage(key) is Stage.COMMITTED
        assert watcher.sent == []
        await end(devnet, key)
        await watcher.look()
        assert watcher.stage(key) is Stage.ENDED


class TestWithoutOldBlocks:
    """The journal begins at the head as well."""

    @pytest.fixture
    def rpc(self, devnet: DevnetOnAnvil, monkeypatch: pytest.MonkeyPatch) -> Rpc:
        monkeypatch.setattr(room, "EARLIER_SPANS", 0)  # a test's chain is no longer than one span
        return WithoutOldBlocks(devnet.rpc)

    async def test_it_begins_at_the_head(self, devnet: DevnetOnAnvil, watcher: Watcher) -> None:
        key = await answered(devnet)
        await watcher.look()

        assert watcher.stage(key) is Stage.COMMITTED
        assert watcher.sent == []


class TestWithATaskThatCannotBeRead:
    """It is left for later; every other task is followed."""

    @pytest.fixture
    def rpc(self, devnet: DevnetOnAnvil) -> WithoutOneDecoration:
        return WithoutOneDecoration(devnet.rpc)

    async def test_it_keeps_no_other_waiting(
        self, devnet: DevnetOnAnvil, rpc: WithoutOneDecoration, watcher: Watcher
    ) -> None:
        refused, other = await queued(devnet, ALICE), await queued(devnet, ALICE)
        decoration = watcher.link.reader.queue_interface.functions["getTaskDecoration"]
        rpc.refused = encode_call(decoration, *refused)
        await watcher.look()
        assert (watcher.stage(refused), watcher.stage(other)) == (None, Stage.QUEUED)

        rpc.refused = ""
        await assign(devnet, refused, ALICE)
        await watcher.look()
        assert watcher.stage(refused) is Stage.ASSIGNED


async def test_a_transaction_whose_block_s_time_is_untold_has_no_date(
    devnet: DevnetOnAnvil, watcher: Watcher
) -> None:
    key = TaskKey(*await answered(devnet))
    await watcher.look()
    ack = watcher.sent[0]
    link, found = watcher.link, list[Transaction]()
    contracts = known_contracts(link.reader)
    seen = transactions.WatchedTransactions(link.rpc, link.journal.transactions, contracts, found.append)
    step = SeenStep(kind=ack.kind, key=key, hash=ack.hash, is_removed=False)

    await seen.see([step], {})
    await seen.see([step], {ack.block_number or 0: 1234.0})

    unknown, known = found
    assert (unknown.state, unknown.block_number) == (TransactionState.MINED, ack.block_number)
    assert (unknown.mined_at, unknown.at) == (None, None), "it is not of this moment"
    assert (known.mined_at, known.at) == (1234.0, 1234.0)


async def test_what_is_proven_of_a_watched_task_is_said_and_what_cannot_be(
    devnet: DevnetOnAnvil, watcher: Watcher
) -> None:
    key = TaskKey(*await answered(devnet))
    await watcher.look()
    link = watcher.link
    ground = Ground(
        rpc=link.rpc,
        reader=link.reader,
        journal=link.journal,
        store=watcher.store,
        node=ALICE,
        finality=0,
        log_span_blocks=1000,
        is_watching=True,
    )

    found = await verify(ground, key)
    assert (found.verdict, found.summary) == (ProofVerdict.NOT_PROVEN, ONLY_WATCHED)
    unknown = {check.name: check.detail for check in found.checks if check.finding is Finding.UNKNOWN}
    assert unknown == {f"{step}_transaction": SIGNED_ELSEWHERE for step in ("ack", "precommit", "commit")}
    held = {check.name for check in found.checks if check.finding is Finding.HOLDS}
    assert {"result", "hash_on_chain", "queue_agrees", "block_order", "commit_event"} <= held

    lying = msgspec.structs.replace(ground, node=BOB)
    assert (await verify(lying, key)).verdict is ProofVerdict.REFUTED
