"""The outbox: delivered once a node takes it, whatever happened meanwhile, and forgotten in the end."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.domain.inference import SamplingParams
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import Stage, TaskKey
from cortensor_tui.journal.database import Database
from cortensor_tui.journal.journal import Journal
from cortensor_tui.journal.scope import ChainScope
from cortensor_tui.journal.sweeps import SweepLog
from cortensor_tui.journal.tasks import TaskDetails, TaskRecord
from cortensor_tui.journal.uploads import SavedUpload, UploadLog
from cortensor_tui.miner.payloads import TaskPayloads
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.nodes import IpfsNodes
from cortensor_tui.storage.local_store import LocalStore
from cortensor_tui.storage.outbox import Outbox
from cortensor_tui.storage.retention import Retention
from cortensor_tui.storage.unixfs import file_id
from tests.support.clock import StandingClock

DAY_S = 86_400.0
SCOPE = ChainScope(chain_id=1, genesis_hash="0x00", queue_address="0x" + "11" * 20)
ASKED = SamplingParams(
    max_tokens=8,
    temperature=0.5,
    top_p=1.0,
    top_k=4,
    repeat_penalty=1.0,
    presence_penalty=0.0,
    frequency_penalty=0.0,
)


class ToldNodes(IpfsNodes):
    """Takes payloads while `is_up`; `kept` are those it has."""

    def __init__(self) -> None:
        super().__init__(["http://127.0.0.1:1"], timeout_s=1)
        self.is_up = True
        self.refuses: dict[str, ProblemError] = {}
        self.kept: dict[str, bytes] = {}

    async def deliver(self, cid: str, data: bytes) -> None:
        if not self.is_up:
            raise problems.unreachable("a node", "connection refused")
        if cid in self.refuses:
            raise self.refuses[cid]
        self.kept[cid] = data

    async def unpin(self, cid: str) -> None:
        if not self.is_up:
            raise problems.unreachable("a node", "connection refused")
        if cid in self.refuses:
            raise self.refuses[cid]
        self.kept.pop(cid, None)


class Desk:
    """A journal and a store, with what works on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = StandingClock(wall_ahead_s=1_000_000.0)
        self.nodes = ToldNodes()
        self.store = LocalStore(folder / "payloads")
        self.open()

    def open(self) -> None:
        self.database = Database.open(self.folder / "journal.sqlite")
        self.journal = Journal(self.database, SCOPE)
        self.outbox = Outbox(UploadLog(self.database), self.store, self.nodes, 30 * DAY_S, self.clock)

    def restart(self) -> None:
        """Begin anew from what is on disk."""
        self.database.close()
        self.open()

    @property
    def retention(self) -> Retention:
        """What keeps texts for a week."""
        return Retention(SweepLog(self.database), self.store, 7 * DAY_S, self.clock)

    def go_by_files(self, upload: SavedUpload) -> None:
        """Set the clock to the machine's, which dates files."""
        self.clock.wall_ahead_s += (self.folder / "payloads" / upload.cid).stat().st_mtime - self.clock.now()

    def answered(
        self, task_id: int, answer: bytes, stage: Stage = Stage.COMMITTED, *, prompt_cid: str | None = None
    ) -> SavedUpload:
        """Have a task with an answer in store and journal."""
        record = TaskRecord(
            key=TaskKey(1, task_id),
            stage=stage,
            prompt_cid=prompt_cid or self.store.put(b"the prompt of %d" % task_id),
            answer_cid=self.store.put(answer),
            details=TaskDetails(prompt_type=1, prompt_template="", asked=ASKED, is_answer_addressed=True),
            assigned_at=self.clock.now(),
        )
        self.journal.tasks.save(record, "saved")
        return SavedUpload(chain=self.journal.chain, key=record.key, cid=record.answer_cid or "")

    def prompt_cid(self, upload: SavedUpload) -> str:
        """Return the id of its task's prompt."""
        record = self.journal.tasks.get(upload.key)
        assert record is not None
        return record.prompt_cid

    def end(self, upload: SavedUpload, stage: Stage = Stage.ENDED) -> None:
        """End its task."""
        record = self.journal.tasks.get(upload.key)
        assert record is not None
        ended = msgspec.structs.replace(record, stage=stage, ended_at=self.clock.now())
        self.journal.tasks.save(ended, "ended")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_what_a_node_takes_at_once_does_not_wait(desk: Desk) -> None:
    upload = desk.answered(0, b"an answer")
    await desk.outbox.offer(upload)
    assert (desk.outbox.waiting, desk.nodes.kept) == (0, {upload.cid: b"an answer"})


async def test_what_no_node_takes_is_delivered_after_a_restart(desk: Desk) -> None:
    desk.nodes.is_up = False
    upload = desk.answered(0, b"an answer")
    await desk.outbox.offer(upload)
    desk.restart()
    assert desk.outbox.waiting == 1
    await desk.outbox.work_off()
    assert desk.outbox.waiting == 1
    desk.nodes.is_up = True
    await desk.outbox.work_off()
    assert (desk.outbox.waiting, set(desk.nodes.kept)) == (0, {upload.cid})
    desk.nodes.kept.clear()
    desk.restart()
    await desk.outbox.work_off()
    assert not desk.nodes.kept, "what was delivered is not delivered again"


async def test_one_that_cannot_be_delivered_does_not_hold_up_the_others(desk: Desk) -> None:
    damaged, good = desk.answered(0, b"damaged"), desk.answered(1, b"good")
    desk.nodes.is_up = False
    await desk.outbox.offer(damaged)
    await desk.outbox.offer(good)
    (desk.folder / "payloads" / damaged.cid).write_bytes(b"other")
    desk.nodes.is_up = True
    await desk.outbox.work_off()
    assert (desk.outbox.waiting, set(desk.nodes.kept)) == (1, {good.cid})


@pytest.mark.parametrize(
    "problem",
    [
        problems.refused("a node", 413, "Request Entity Too Large"),
        problems.slow("a node", 30),
        problems.refused("a node", 500, "no space left on device"),  # for the large one; it goes last then
        problems.other_bytes("a node", "an id"),
    ],
)
async def test_one_that_a_node_does_not_take_does_not_hold_up_the_others(
    desk: Desk, problem: ProblemError
) -> None:
    desk.nodes.is_up = False
    uploads = [desk.answered(number, b"answer %d" % number) for number in range(3)]
    for upload in uploads:
        await desk.outbox.offer(upload)
    desk.nodes.is_up = True
    desk.nodes.refuses[uploads[0].cid] = problem
    for _ in range(2):
        await desk.outbox.work_off()
    assert (desk.outbox.waiting, set(desk.nodes.kept)) == (1, {one.cid for one in uploads[1:]})
    desk.nodes.refuses.clear()
    await desk.outbox.work_off()
    assert desk.outbox.waiting == 0


async def test_the_answer_of_a_task_that_was_missed_is_not_delivered(desk: Desk) -> None:
    desk.nodes.is_up = False
    upload = desk.answered(0, b"too late")
    await desk.outbox.offer(upload)
    desk.end(upload, Stage.MISSED)
    desk.nodes.is_up = True
    await desk.outbox.work_off()
    assert (desk.outbox.waiting, desk.nodes.kept) == (0, {})


async def test_an_answer_is_unpinned_when_it_has_been_kept_long_enough(desk: Desk) -> None:
    upload = desk.answered(0, b"an answer")
    await desk.outbox.offer(upload)
    desk.clock.pass_s(100 * DAY_S)
    await desk.outbox.work_off()
    assert upload.cid in desk.nodes.kept, "its task has not ended"
    desk.end(upload)
    desk.clock.pass_s(29 * DAY_S)
    await desk.outbox.work_off()
    assert upload.cid in desk.nodes.kept
    desk.clock.pass_s(2 * DAY_S)
    desk.nodes.is_up = False
    await desk.outbox.work_off()
    desk.nodes.is_up = True
    desk.restart()
    await desk.outbox.work_off()
    assert upload.cid not in desk.nodes.kept


async def test_one_that_cannot_be_unpinned_does_not_hold_up_the_others(desk: Desk) -> None:
    uploads = [desk.answered(number, b"answer %d" % number) for number in range(3)]
    for upload in uploads:
        await desk.outbox.offer(upload)
        desk.end(upload)
    desk.clock.pass_s(31 * DAY_S)
    desk.nodes.refuses[uploads[0].cid] = problems.refused("a node", 500, "not now")
    for _ in range(2):
        await desk.outbox.work_off()
    assert set(desk.nodes.kept) == {uploads[0].cid}
    desk.nodes.refuses.clear()
    await desk.outbox.work_off()
    assert not desk.nodes.kept


async def test_an_answer_that_a_later_task_has_too_stays_pinned_for_that(desk: Desk) -> None:
    earlier = desk.answered(0, b"42")
    await desk.outbox.offer(earlier)
    desk.end(earlier)
    desk.clock.pass_s(20 * DAY_S)
    later = desk.answered(1, b"42")
    assert later.cid == earlier.cid
    await desk.outbox.offer(later)
    desk.end(later)
    desk.clock.pass_s(20 * DAY_S)
    await desk.outbox.work_off()
    assert desk.nodes.kept
    desk.clock.pass_s(20 * DAY_S)
    await desk.outbox.work_off()
    assert not desk.nodes.kept


async def test_texts_are_deleted_once_their_task_has_ended_long_enough(desk: Desk, tmp_path: Path) -> None:
    ended, going_on = desk.answered(0, b"old"), desk.answered(1, b"new")
    desk.go_by_files(ended)
    desk.end(ended)
    retention = desk.retention
    desk.clock.pass_s(6 * DAY_S)
    assert await retention.sweep() == 0
    desk.clock.pass_s(2 * DAY_S)
    assert await retention.sweep() == 2  # prompt and answer
    with pytest.raises(ProblemError) as missing:
        desk.store.get(ended.cid)
    assert missing.value.problem.code == "payload_missing"
    assert desk.store.get(going_on.cid) == b"new"
    assert await retention.sweep() == 0
    left = {path.name for path in (tmp_path / "payloads").iterdir()}
    texts = (b"new", b"the prompt of 1")
    assert left == {str(file_id(text, version)) for text in texts for version in (0, 1)}


async def test_an_answer_that_waits_for_a_node_is_not_deleted_before_it_is_there(desk: Desk) -> None:
    desk.nodes.is_up = False
    upload = desk.answered(0, b"promised by its address")
    await desk.outbox.offer(upload)
    desk.go_by_files(upload)
    desk.end(upload)
    desk.clock.pass_s(8 * DAY_S)
    assert await desk.retention.sweep() == 1, "the prompt alone"
    desk.nodes.is_up = True
    await desk.outbox.work_off()
    assert (desk.outbox.waiting, set(desk.nodes.kept)) == (0, {upload.cid})
    assert await desk.retention.sweep() == 1, "now it is kept no longer"
    assert list((desk.folder / "payloads").iterdir()) == []


async def test_a_prompt_that_a_later_task_has_too_stays_while_that_goes_on(desk: Desk) -> None:
    earlier = desk.answered(0, b"the first answer")
    prompt_cid = desk.prompt_cid(earlier)
    desk.go_by_files(earlier)
    desk.end(earlier)
    later = desk.answered(1, b"the second answer", prompt_cid=prompt_cid)
    desk.clock.pass_s(8 * DAY_S)
    assert await desk.retention.sweep() == 1, "the first answer"
    assert desk.store.get(prompt_cid) == b"the prompt of 0"
    desk.end(later)
    assert await desk.retention.sweep() == 0
    desk.clock.pass_s(8 * DAY_S)
    assert await desk.retention.sweep() == 2


async def test_a_prompt_that_is_found_here_counts_as_used_again(desk: Desk) -> None:
    earlier = desk.answered(0, b"an answer")
    prompt_cid = desk.prompt_cid(earlier)
    path = desk.folder / "payloads" / prompt_cid
    long_ago = path.stat().st_mtime - 8 * DAY_S
    os.utime(path, (long_ago, long_ago))
    desk.go_by_files(earlier)
    desk.clock.pass_s(-8 * DAY_S)
    desk.end(earlier)
    desk.clock.pass_s(8 * DAY_S)
    # By its other name, which no task of the journal has.
    assert TaskPayloads(desk.store).is_prompt_here(str(file_id(b"the prompt of 0", version=0)))
    desk.clock.pass_s(60)
    await desk.retention.sweep()
    assert desk.store.get(prompt_cid) == b"the prompt of 0"
