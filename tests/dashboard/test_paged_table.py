"""A table over a long list, in front of a real journal behind a real socket."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.feed import FeedState
from cortensor_tui.dashboard.history import MOST_ROWS
from cortensor_tui.dashboard.history_pages import TaskPages
from cortensor_tui.dashboard.screens.base import Watching
from cortensor_tui.dashboard.widgets.line_table import Column, Row
from cortensor_tui.dashboard.widgets.paged_table import READING_ON, PagedTable
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.domain.task_filter_text import parse
from cortensor_tui.domain.tasks import Stage, TaskKey, TaskView
from cortensor_tui.journal.journal import Journal
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.control import ControlServer
from cortensor_tui.node.history import HistoryDesk
from cortensor_tui.node.history_messages import GetTasks
from cortensor_tui.node.hub import Hub
from cortensor_tui.node.messages import Done, ReplyBody, RequestBody, TaskChanged
from cortensor_tui.storage.local_store import LocalStore
from tests.journal.past import NOW, write_past
from tests.support.clock import StandingClock

from . import samples
from .conftest import text_of, until

TASKS = 900
SIZE = (60, 20)
NOTHING = "No tasks yet. Press s to submit a prompt."


class HistoryNode:
    """A node that has a past and nothing else."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.hub = Hub(samples.status())
        self.is_broken = False
        self.asked = 0
        self._folder = folder
        self._journal = journal
        self._history = HistoryDesk(LocalStore(folder / "payloads"), StandingClock(0.0, wall_ahead_s=NOW))
        self._control = ControlServer(self.hub, self._answer)

    async def start(self) -> None:
        await self._control.start(self._folder / "node.sock", self._folder / "view.sock")

    async def stop(self) -> None:
        self._control.stop_listening()
        await self._control.hang_up()
        await self._history.close()

    async def connect(self) -> NodeClient:
        return await NodeClient.connect(self._folder / "node.sock")

    async def _answer(self, body: RequestBody) -> ReplyBody:
        if not isinstance(body, GetTasks):
            return Done()
        self.asked += 1
        if self.is_broken:
            raise problem_error("busy", "The node has too many questions", "64 are waiting")
        return await self._history.answer(body, self._journal)


class ListScreen(Watching):
    """One table and nothing else."""

    def compose(self) -> ComposeResult:
        columns = (Column("task", 12), Column("stage", 10), Column("note", 10, share=1))
        yield PagedTable(columns, NOTHING, TaskPages(), _row, id="tasks")

    def on_mount(self) -> None:
        self.query_one(PagedTable).focus()
        self.take(self.dashboard.feed_state)

    def take(self, state: FeedState) -> None:
        if state.view is not None:
            self.query_one(PagedTable).take_view(state.view, NOW)


def _row(task: TaskView) -> Row:
    key = str(task.key)
    return Row(key, (Span(key), Span(task.stage.value), Span(task.note)), copy=key)


@pytest.fixture
async def node() -> AsyncIterator[HistoryNode]:
    with tempfile.TemporaryDirectory(prefix="ct") as name:
        folder = Path(name)
        journal = write_past(folder / "journal.sqlite", sessions=1, tasks=TASKS, transactions=0)
        node = HistoryNode(folder, journal)
        await node.start()
        yield node
        await node.stop()


@pytest.fixture
def app(node: HistoryNode) -> Dashboard:
    return Dashboard(node.connect, now=lambda: NOW)


async def opened(pilot: Pilot[None]) -> PagedTable:
    """Open the list and wait for its first rows."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await until(pilot, lambda: app.view is not None)
    await app.push_screen(ListScreen())
    table = app.screen.query_one(PagedTable)
    await until(pilot, lambda: table.row_count > 0)
    return table


def fresh(task_id: int, stage: Stage = Stage.ASSIGNED) -> TaskChanged:
    return TaskChanged(
        TaskView(key=TaskKey(0, task_id), stage=stage, prompt="", assigned_at=NOW + task_id, note="")
    )


def cursor(table: PagedTable) -> str:
    assert table.current is not None
    return table.current.key


async def test_the_whole_past_can_be_walked_and_little_of_it_is_held(app: Dashboard) -> None:
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        assert table.total == (TASKS, False)
        seen: list[str] = []
        while "0/0" not in seen:
            keys = [text.split()[0] for text in text_of(table).splitlines()[1:] if text.startswith(" 0/")]
            seen += [key for key in keys if key not in seen]
            await pilot.press("ctrl+d")
            assert table.row_count <= MOST_ROWS
        assert seen == [f"0/{task_id}" for task_id in range(TASKS - 1, -1, -1)]
        assert READING_ON not in text_of(table)


async def test_g_and_shift_g_go_to_the_ends_of_the_whole_list(app: Dashboard, node: HistoryNode) -> None:
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        await pilot.press("G")
        await until(pilot, lambda: cursor(table) == "0/0")
        assert text_of(table).rstrip().splitlines()[-1].split()[0] == "0/0"
        await pilot.press("k", "k")
        assert cursor(table) == "0/2"
        await pilot.press("g")
        await until(pilot, lambda: cursor(table) == f"0/{TASKS - 1}")
        assert node.asked < 12


async def test_the_cursor_follows_the_newest_only_from_the_newest(app: Dashboard, node: HistoryNode) -> None:
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        node.hub.publish(fresh(TASKS))
        await until(pilot, lambda: cursor(table) == f"0/{TASKS}")
        assert table.total == (TASKS + 1, False)
        await pilot.press(*("j" * 30))
        held, before = cursor(table), text_of(table)
        node.hub.publish(fresh(TASKS + 1))
        node.hub.publish(fresh(TASKS, Stage.ENDED))
        await until(pilot, lambda: table.total == (TASKS + 2, False))
        assert cursor(table) == held
        assert text_of(table) == before, "what is read does not slide away"


async def test_a_page_that_cannot_be_had_says_so_and_comes_when_asked_again(
    app: Dashboard, node: HistoryNode
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        node.is_broken = True
        await pilot.press(*("pagedown" for _ in range(9)))
        await until(pilot, lambda: "too many questions" in text_of(table))
        assert "✖ The node has too many questions" in text_of(table)
        asked = node.asked
        await pilot.press("pagedown", "pagedown", "G")
        await until(pilot, lambda: node.asked > asked and "r tries again" in text_of(table))
        node.is_broken = False
        await pilot.press("r")
        await until(pilot, lambda: "r tries again" not in text_of(table))


async def test_a_filter_shows_what_matches_however_far_back(app: Dashboard) -> None:
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        table.show_list(TaskPages(parse("missed task:7")), "Nothing matches.", NOW)
        await until(pilot, lambda: table.row_count == 1)
        assert "0/7" in text_of(table)
        assert "the engine w" in text_of(table)
        table.show_list(TaskPages(parse("session:99")), "Nothing matches.", NOW)
        await until(pilot, lambda: "Nothing matches." in text_of(table))


async def test_a_fresh_snapshot_reads_anew_what_is_in_sight(app: Dashboard, node: HistoryNode) -> None:
    """The line was away: what changed meanwhile was never told."""
    async with app.run_test(size=SIZE) as pilot:
        table = await opened(pilot)
        await pilot.press(*("j" * 40))
        held = cursor(table)
        journal = node._journal
        [record] = [one for one in journal.tasks.recent(60) if str(one.key) == held]
        journal.tasks.save(msgspec.structs.replace(record, note="mended"), "mended")
        await pilot.press("r")
        await until(pilot, lambda: "mended" in text_of(table))
        assert cursor(table) == held
