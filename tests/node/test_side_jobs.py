"""What goes on beside the tasks may fail: the operator is told, it begins anew, and nothing else ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cortensor_tui.domain.problems import problem_error
from cortensor_tui.journal.database import Database
from cortensor_tui.node.payload_room import PayloadRoom
from cortensor_tui.node.side_jobs import SideJobs
from cortensor_tui.settings.loading import load_settings
from cortensor_tui.storage.local_store import LocalStore
from tests.support.clock import StandingClock

CID = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


async def test_a_job_that_fails_is_told_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs, tried = SideJobs(StandingClock()), asyncio.Event()
    pauses: list[tuple[float, tuple[str, ...]]] = []
    going = asyncio.create_task(jobs.keep_going("the outbox", lambda: job()))

    async def pause(seconds: float) -> None:
        pauses.append((seconds, jobs.faults))

    async def job() -> None:
        if len(pauses) == 2:
            tried.set()
            await asyncio.Event().wait()
        if len(pauses) == 1:
            raise problem_error("payload_missing", f"The payload {CID} is gone", "it was deleted")
        raise RecursionError("maximum recursion depth exceeded\x1b[2J")

    monkeypatch.setattr("cortensor_tui.node.side_jobs.asyncio.sleep", pause)
    async with asyncio.timeout(10):
        await tried.wait()
    assert jobs.faults == (), "it goes on"
    (first_s, [first]), (second_s, [second]) = pauses
    assert first_s < second_s
    assert "the outbox has failed: RecursionError: maximum recursion depth" in first
    assert "begins anew in 5 s" in first
    assert "\x1b" not in first
    assert CID not in second, "whose text it was is not for everybody"
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)


async def test_a_journal_that_cannot_be_read_ends_no_job_of_the_payloads(tmp_path: Path) -> None:
    path = tmp_path / "node.env"
    path.write_text(
        f"HOST=http://127.0.0.1:1\nCHAINID=31337\nNODE_PRIVATE_KEY={1:064x}\n"
        "CORTENSOR_TUI_IPFS_URLS=http://127.0.0.1:1\nCORTENSOR_TUI_KEEP_PAYLOADS_DAYS=7\n"
        f"CORTENSOR_TUI_DATA_DIR={tmp_path}\n"
    )
    path.chmod(0o600)
    database = Database.open(tmp_path / "journal.sqlite")
    room = PayloadRoom(load_settings(path, {}), database, LocalStore(tmp_path / "payloads"))
    database.close()  # reading fails from now on, as on a disk that does
    jobs = [asyncio.create_task(job) for job in room.jobs().values()]
    async with asyncio.timeout(10):
        while len(room.warnings) < 2:
            await asyncio.sleep(0)
    assert not any(job.done() for job in jobs)
    assert ["the outbox" in room.warnings[0], "deleting old texts" in room.warnings[1]] == [True, True]
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
