"""The log as clients get it: the newest lines out of memory, older ones out of the files, none twice."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from cortensor_tui.domain.logs import LogLevel, LogLine
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.launch import logs as launch_logs
from cortensor_tui.launch.logs import MASK, log_to
from cortensor_tui.node.audit import Peer, note_reveal
from cortensor_tui.node.log_messages import GetLogs, LogCursor
from cortensor_tui.node.logs import files
from cortensor_tui.node.logs.desk import LogDesk
from cortensor_tui.node.logs.lines import MOST_LINE_BYTES, log_line
from cortensor_tui.node.logs.ring import MOST_BYTES, MOST_LINES, LogRing


@pytest.fixture
def log_path(tmp_path: Path) -> Iterator[Path]:
    """Give the place of a log, and put logging back as it was."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield tmp_path / "logs" / "node.log"
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


def desk(path: Path, level: str = "info", secrets: tuple[str, ...] = ()) -> LogDesk:
    return LogDesk(log_to(path, level, secrets), path)


def write(count: int, start: int = 0, **fields: object) -> None:
    log = structlog.get_logger("cortensor_tui.chain.endpoints.pool")
    for number in range(start, start + count):
        log.info(f"line {number}", **fields)


def events(lines: tuple[LogLine, ...]) -> list[str]:
    return [line.event for line in lines]


async def all_back(told: LogDesk, body: GetLogs) -> list[str]:
    """Page to the beginning, as one who scrolls up does; oldest first."""
    found: list[str] = []
    reply = await told.answer(body)
    while True:
        found = events(reply.lines) + found
        if reply.earlier is None:
            return found
        reply = await told.answer(GetLogs(before=reply.earlier, limit=body.limit, words=body.words))


async def test_a_line_is_told_with_time_level_room_task_and_fields(log_path: Path) -> None:
    told = desk(log_path)
    structlog.get_logger("cortensor_tui.chain.endpoints.pool").warning("slow", task="7/12", latency_ms=4.5)
    [line] = (await told.answer(GetLogs())).lines
    assert line.at is not None
    assert (line.level, line.room, line.event) == (LogLevel.WARNING, "chain.endpoints.pool", "slow")
    assert (line.task, line.fields) == (TaskKey(7, 12), (("latency_ms", "4.5"),))


async def test_lines_of_other_libraries_are_told_too(log_path: Path) -> None:
    told = desk(log_path)
    logging.getLogger("asyncio").error("a task was %s", "lost")
    [line] = (await told.answer(GetLogs())).lines
    assert (line.level, line.room, line.event) == (LogLevel.ERROR, "asyncio", "a task was lost")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (GetLogs(level=LogLevel.WARNING), ["refused"]),
        (GetLogs(task=TaskKey(7, 12)), ["acked"]),
        (GetLogs(room="chain"), ["head", "refused"]),
        (GetLogs(room="chain.watching"), ["head"]),
        (GetLogs(room="cha"), []),
        (GetLogs(words=("NONCE=4",)), ["refused"]),
        (GetLogs(words=("refused", "missing")), []),
    ],
)
async def test_what_is_asked_for_and_nothing_else(log_path: Path, asked: GetLogs, found: list[str]) -> None:
    told = desk(log_path)
    structlog.get_logger("cortensor_tui.chain.watching.watcher").info("head", number=3)
    structlog.get_logger("cortensor_tui.miner.running").info("acked", task="7/12")
    structlog.get_logger("cortensor_tui.chain.transactions.broadcasting").error("refused", nonce=4)
    assert events((await told.answer(asked)).lines) == found


async def test_who_follows_gets_only_what_is_new(log_path: Path) -> None:
    told = desk(log_path)
    write(3)
    first = await told.answer(GetLogs())
    assert not (await told.answer(GetLogs(after=first.newest))).lines
    write(5, start=3)
    counted = await told.answer(GetLogs(after=first.newest, limit=0))
    assert (counted.lines, counted.left_out) == ((), 5)
    newest = await told.answer(GetLogs(after=first.newest, limit=2))
    assert (events(newest.lines), newest.left_out) == (["line 6", "line 7"], 3)
    assert newest.earlier is not None
    back = await told.answer(GetLogs(before=newest.earlier, limit=3))
    assert events(back.lines) == ["line 3", "line 4", "line 5"]


async def test_lines_before_the_start_of_the_node_are_in_its_file(log_path: Path) -> None:
    desk(log_path)
    write(5)
    told = desk(log_path)
    assert events((await told.answer(GetLogs(limit=2))).lines) == ["line 3", "line 4"]
    write(2, start=5)
    assert await all_back(told, GetLogs(limit=2)) == [f"line {number}" for number in range(7)]


@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_paging_through_rotated_files_tells_every_line_once(
    log_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch_logs, "MOST_BYTES", 2_000)
    monkeypatch.setattr(files, "_BLOCK_BYTES", 300)
    monkeypatch.setattr("cortensor_tui.node.logs.ring.MOST_LINES", 6)
    told = desk(log_path)
    write(40)
    shown = await all_back(told, GetLogs(limit=limit))
    assert shown == [f"line {number}" for number in range(40 - len(shown), 40)]
    assert len(shown) > 20, "three older files are kept"


async def test_lines_that_come_while_one_pages_back_shift_nothing(
    log_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cortensor_tui.node.logs.ring.MOST_LINES", 4)
    told = desk(log_path)
    write(10)
    page = await told.answer(GetLogs(limit=3))
    write(20, start=10)  # the rest of what was in memory has left it
    back = await told.answer(GetLogs(before=page.earlier, limit=3))
    assert events(back.lines) == ["line 4", "line 5", "line 6"]


async def test_a_search_is_bounded_and_goes_on_where_it_stopped(
    log_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_SEARCHED_BYTES", 1_000)
    monkeypatch.setattr("cortensor_tui.node.logs.ring.MOST_LINES", 1)
    told = desk(log_path)
    structlog.get_logger("cortensor_tui.node").info("the needle")
    write(50)
    reply = await told.answer(GetLogs(words=("needle",)))
    assert (reply.lines, reply.earlier is None) == ((), False)
    assert await all_back(told, GetLogs(words=("needle",))) == ["the needle"]


async def test_a_file_that_is_gone_ends_the_search(log_path: Path) -> None:
    told = desk(log_path)
    gone = await told.answer(GetLogs(before=LogCursor(file=999_999_999, offset=100)))
    assert (gone.lines, gone.earlier) == ((), None)


async def test_a_megabyte_is_cut_with_its_length_said(log_path: Path) -> None:
    told = desk(log_path)
    write(1, words="x" * 1_000_000)
    [line] = (await told.answer(GetLogs())).lines
    [(_, value)] = line.fields
    assert value.endswith("… (1,000,000 characters)")
    assert log_path.stat().st_size < 20_000
    with log_path.open("ab") as file:
        file.write(b"y" * 1_000_000 + b"\n")  # as something else may have written
    older = LogDesk(LogRing(), log_path)
    found = (await older.answer(GetLogs())).lines
    assert found[-1].event.endswith("… (a line of 1,000,000 bytes)")
    assert len(found[-1].event) < MOST_LINE_BYTES + 100
    assert len(found) == 2, "the line before it is told as well"


async def test_the_ring_is_bounded() -> None:
    ring = LogRing()
    for _ in range(MOST_LINES + 100):
        ring.add(b'{"event": "x"}')
    assert len(ring.page(GetLogs().filter, limit=10_000).lines) == MOST_LINES
    for _ in range(200):
        ring.add(json.dumps({"event": "x" * 60_000}).encode())
    kept = ring.page(GetLogs().filter, limit=10_000).lines
    assert sum(len(line.event) for line in kept) <= MOST_BYTES
    assert ring.newest == MOST_LINES + 300


async def test_no_secret_is_ever_written(log_path: Path) -> None:
    desk(log_path, secrets=("0123456789abcdef",))
    log = structlog.get_logger("cortensor_tui.chain.rpc")
    log.info("asked", url="https://rpc.example/v3/0123456789abcdef", nested={"key": ["0123456789abcdef"]})
    try:
        raise ValueError("bad answer of 0123456789abcdef")
    except ValueError:
        log.exception("failed")
    text = log_path.read_text()
    assert "0123456789abcdef" not in text
    assert text.count(MASK) == 4  # the trace quotes the line above


async def test_a_reveal_is_logged_at_every_level(log_path: Path) -> None:
    told = desk(log_path, level="error")
    write(3)
    note_reveal(Peer(41, 1000), 7)
    [line] = (await told.answer(GetLogs())).lines
    assert (line.room, dict(line.fields)) == ("audit", {"session": "7", "pid": "41", "uid": "1000"})


@settings(deadline=None)
@given(st.binary(max_size=2_000))
def test_whatever_is_in_the_file_is_a_line(raw: bytes) -> None:
    line = log_line(raw, len(raw))
    assert isinstance(line.event, str)


@pytest.mark.parametrize(
    "raw",
    [b'{"event": 3, "level": [], "timestamp": "x"}', b'{"task": "1/2/3"}', b"[]", b"\xff"],
)
def test_odd_lines_are_told_as_far_as_they_go(raw: bytes) -> None:
    assert log_line(raw, len(raw)).task is None
