"""What needs the operator: a toast that goes with its cause, and a short list."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets._toast import Toast

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.notices import MAX_KEPT, MAX_TOASTS, QUIET_S, NoticeList
from cortensor_tui.dashboard.present.notices import Notice
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.domain.health import NodeStatus
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.node.messages import StatusChanged, TaskChanged

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)
LOW = Notice("precondition gas", "Not met: gas", "0.1 is left")
MISSED = Notice("missed 7/3", "Task 7/3 was missed", "too late", is_event=True)
CAUSES = st.lists(st.integers(0, 30), max_size=12)


def wordy() -> NodeStatus:
    """Return a status with a problem that has much to say."""
    status = samples.blocked()
    assert status.problem is not None
    problem = msgspec.structs.replace(status.problem, why="the balance is too low " * 9)
    return msgspec.structs.replace(status, problem=problem, preconditions=())


def titles(app: Dashboard) -> list[str]:
    return [note.title for note in app._notifications]


async def test_a_toast_goes_with_its_cause(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await live(pilot)
        blocked = samples.blocked()
        assert blocked.problem is not None
        await node.change(StatusChanged(blocked))
        await until(pilot, lambda: len(titles(app)) == 1)
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: titles(app) == [])
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        assert "over since" in shown(app, "#document")


async def test_a_toast_is_low_and_leaves_the_screen_to_be_read(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await live(pilot)
        await node.change(StatusChanged(wordy()))
        await until(
            pilot, lambda: bool(app.screen.query(Toast)) and app.screen.query_one(Toast).region.height > 0
        )
        region = app.screen.query_one(Toast).region
        assert region.height <= 3, "a title and two lines"
        assert region.width <= 44
        assert region.bottom == SMALL[1] - 1, "above the keys"
        [note] = app._notifications
        assert note.message.endswith("…"), "the list of notices has the rest"


async def test_a_missed_task_is_told_once(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await live(pilot)
        task = next(one for one in samples.snapshot().tasks if not one.stage.is_final)
        missed = msgspec.structs.replace(task, stage=Stage.MISSED, note="the deadline passed")
        await node.change(TaskChanged(missed))
        await until(pilot, lambda: titles(app) == [f"Task {task.key} was missed"])
        await node.change(StatusChanged(samples.status()))
        await pilot.pause(0.5)
        assert len(titles(app)) == 1


async def test_what_stood_already_makes_no_toast(node: ScriptedNode) -> None:
    node.snapshot = samples.snapshot(status=samples.blocked(), live=None)
    app = Dashboard(node.connect, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await until(pilot, lambda: app.view is not None and "BLOCKED" in shown(app, "#verdict"))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        assert titles(app) == []
        assert "over since" not in shown(app, "#document")


def test_a_flapping_cause_is_told_once_in_a_while() -> None:
    told, notices = 0, NoticeList()
    notices.take([], 0)
    for second in range(int(QUIET_S)):
        told += len(notices.take([LOW] if second % 2 else [], second).fresh)
    assert told == 1
    notices.take([], QUIET_S)
    assert notices.take([LOW], 2 * QUIET_S).fresh == (LOW,)


def test_an_event_stays_in_the_list_after_it_has_left_the_view() -> None:
    notices = NoticeList()
    notices.take([], 0)
    assert notices.take([MISSED], 1).fresh == (MISSED,)
    told = notices.take([], 2)
    assert not told.gone, "it has not been undone"
    assert [one.notice for one in notices.kept] == [MISSED]


@given(st.lists(CAUSES, max_size=40))
def test_no_storm_and_no_endless_list(moments: list[list[int]]) -> None:
    notices = NoticeList()
    for second, causes in enumerate(moments):
        standing = [Notice(f"c{one}", "t", "x", is_event=one % 2 == 0) for one in dict.fromkeys(causes)]
        told = notices.take(standing, second)
        assert len(told.fresh) <= MAX_TOASTS
        lasting = {one.notice.cause for one in notices.kept if one.until is None}
        assert lasting == {one.cause for one in standing if not one.is_event}
        assert len(notices.kept) <= max(MAX_KEPT, len(lasting))
