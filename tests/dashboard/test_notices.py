"""What needs the operator: a toast that goes with its cause, and a short list."""

from __future__ import annotations

from datetime import datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.feed import Link
from cortensor_tui.dashboard.format import clock
from cortensor_tui.dashboard.notices import MAX_KEPT, QUIET_S, NoticeList
from cortensor_tui.dashboard.present.notices import Notice
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.dashboard.toasts import Toast, Toasts
from cortensor_tui.domain.health import ENOUGH_NODES, NodeStatus, Precondition
from cortensor_tui.domain.networks import ReplacedChain
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.node.messages import StatusChanged, Stop, TaskChanged

from . import samples
from .conftest import live, shown, until
from .past import missed
from .scripted_node import ScriptedNode, refusal
from .test_places import is_at

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


def toast(app: Dashboard) -> str:
    """Return what is said now."""
    toast = app.toasts.shown
    return "" if toast is None else f"{toast.title}: {toast.text}"


async def test_a_toast_goes_with_its_cause(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("2")
        await until(pilot, lambda: is_at(app, "sessions"))
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "▲ Not met: the node can pay for gas" in shown(app, "KeyBar"))
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: " q Quit" in shown(app, "KeyBar"))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        assert "over since" in shown(app, "#document")


async def test_no_toast_says_what_the_header_says_in_full(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        assert "→ " in shown(app, "#verdict")
        assert app.toasts.shown is None
        await node.stop()
        await until(pilot, lambda: "✖ UNREACHABLE" in shown(app, "#verdict"))
        assert app.toasts.shown is None


async def test_what_lasts_is_counted_but_for_what_the_header_says(node: ScriptedNode, app: Dashboard) -> None:
    serving = samples.status()
    short = Precondition(name=ENOUGH_NODES, is_met=False, detail="session 41 has 1 of 3 nodes", remedy="")
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        assert app.unsaid == 0
        both = msgspec.structs.replace(serving, preconditions=(*serving.preconditions, short))
        await node.change(StatusChanged(both))
        await until(pilot, lambda: "● SERVING" in shown(app, "#verdict"))
        assert app.unsaid == 1


async def test_one_problem_that_two_preconditions_meet_is_one_notice(
    node: ScriptedNode, app: Dashboard
) -> None:
    status = samples.blocked()
    problem = status.problem
    assert problem is not None
    held = Precondition(name="its transactions go through", is_met=False, detail=f"{problem.what}: slowly")
    others = [one for one in status.preconditions if one.name != held.name]
    both = msgspec.structs.replace(status, preconditions=(*others, held))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(StatusChanged(both))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        assert app.toasts.shown is None, "the header says it"
        assert app.unsaid == 0
        assert [one.notice.title for one in app.attention.kept] == ["Not met: the node can pay for gas"]
        alone = msgspec.structs.replace(status, preconditions=(held,))
        await node.change(StatusChanged(alone))
        await until(pilot, lambda: app.view is not None and app.view.status == alone)
        assert app.toasts.shown is None, "it is the same problem, by whichever it is met"


async def test_a_toast_takes_the_place_of_the_keys_and_of_nothing_else(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        before = {widget: widget.region for widget in app.screen.query("*") if widget.display}
        task = samples.snapshot().tasks[-1]
        missed = msgspec.structs.replace(task, stage=Stage.MISSED, note="the deadline passed; " * 9)
        await node.change(TaskChanged(missed))
        await until(pilot, lambda: "▲" in shown(app, "KeyBar"))
        foot = shown(app, "KeyBar")
        assert "…" in foot, "it is one line"
        assert foot.endswith("! Notices"), "which has the rest"
        assert {widget: widget.region for widget in before} == before


async def test_in_a_form_a_toast_leaves_every_field_and_button_in_sight(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n", *"quay")
        await until(pilot, lambda: bool(app.screen.query("#name")))
        await node.change(StatusChanged(wordy()))
        await until(pilot, lambda: "▲" in shown(app, "#toast"))
        row = app.screen.query_one("#toast").region
        assert row.y == SMALL[1] - 1
        for control in app.screen.query("Input, Select, Button"):
            assert not control.region.overlaps(row), control
        assert app.screen.query_one("#name", Input).value == "quay"
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: not app.screen.query_one("#toast").display)


async def test_a_missed_task_is_told_once(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        task = next(one for one in samples.snapshot().tasks if not one.stage.is_final)
        missed = msgspec.structs.replace(task, stage=Stage.MISSED, note="the deadline passed")
        await node.change(TaskChanged(missed))
        await until(pilot, lambda: f"▲ Task {task.key} was missed" in shown(app, "KeyBar"))
        said = app.toasts.shown
        await node.change(StatusChanged(samples.status(started_at=samples.NOW - 1)))
        await until(pilot, lambda: app.view is not None and app.view.status.started_at == samples.NOW - 1)
        assert app.toasts.shown is said
        assert app.toasts.others == 0


async def test_what_stood_already_makes_no_toast(node: ScriptedNode) -> None:
    node.snapshot = samples.snapshot(status=samples.blocked(), live=None)
    await node.stop()
    app = Dashboard(node.connect, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.feed_state.link is Link.UNREACHABLE)
        await node.start()
        app.action_reconnect()
        await until(pilot, lambda: app.view is not None and "BLOCKED" in shown(app, "#verdict"))
        assert toast(app) == ": Trying to connect again."
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        await until(pilot, lambda: "the node can pay for gas" in shown(app, "#document"))
        assert "over since" not in shown(app, "#document")


async def test_the_same_answer_again_is_one_toast(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("p", "p", "p")
        await pilot.pause()
        assert toast(app) == ": Nothing private is in sight."
        last = app.toasts.shown
        assert last is not None
        app.toasts.end(last)
        assert app.toasts.shown is None


async def test_what_a_key_did_not_achieve_can_be_read_in_whole_later(
    node: ScriptedNode, app: Dashboard
) -> None:
    why = "the engine is loading, which takes a while on this machine. " * 3
    node.answers[Stop] = lambda body: refusal("busy", "Not now", why, "Try again in a minute")
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("q", "x")
        await until(pilot, lambda: "✖ Not now: the engine is loading" in shown(app, "KeyBar"))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        assert "Try again in a minute" in shown(app, "#document").replace("\n", "")


def test_of_several_toasts_the_newest_is_shown_and_a_remark_before_all() -> None:
    toasts = Toasts()
    assert toasts.shown is None
    gas, missed = Toast("0.1 is left", "Gas", "warn", "gas"), Toast("too late", "Missed", "warn", "missed")
    copied, nothing = Toast("0xab", "Copied"), Toast("Nothing to copy here.")
    for one in (gas, missed, copied, nothing):
        toasts.show(one)
    assert toasts.shown is nothing
    assert toasts.others == 2
    toasts.end(copied)
    assert toasts.shown is nothing, "it was replaced already"
    toasts.end(nothing)
    assert toasts.shown is missed
    assert toasts.others == 1
    toasts.take_away("missed")
    assert toasts.shown is gas
    toasts.show(Toast("0.05 is left", "Gas", "warn", "gas"))
    toasts.end(gas)
    assert toasts.shown is not None
    assert toasts.shown.text == "0.05 is left", "the later one has its own time"


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


def test_an_event_has_its_own_time_and_one_from_before_is_not_new() -> None:
    notices = NoticeList()
    stood = msgspec.structs.replace(MISSED, cause="missed 7/1", at=40.0)
    notices.take([stood], 100)
    late, new = (msgspec.structs.replace(MISSED, cause=f"missed {at}", at=at) for at in (99.0, 101.0))
    assert notices.take([stood, late, new], 103).fresh == (new,), "the other came late, and was no news"
    assert [one.since for one in notices.kept] == [101.0, 99.0, 40.0]


async def test_what_was_missed_before_one_came_is_listed_with_its_time(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(TaskChanged(missed()))
        await until(pilot, lambda: app.view is not None and app.view.task(missed().key) is not None)
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        listed = f"{clock(samples.NOW - 3500)}      Task 8/2 was missed"
        await until(pilot, lambda: listed in shown(app, "#document"))
        assert app.toasts.shown is None


async def test_what_was_missed_on_another_day_is_listed_with_it(node: ScriptedNode, app: Dashboard) -> None:
    long_ago = msgspec.structs.replace(missed(), ended_at=samples.NOW - 3 * 86_400)
    node.snapshot = samples.snapshot(tasks=(long_ago,))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        day = datetime.fromtimestamp(samples.NOW - 3 * 86_400).strftime("%b %d %H:%M")
        await until(pilot, lambda: f"{day}  Task 8/2 was missed" in shown(app, "#document"))


async def test_an_engine_that_died_is_told_once_and_stays_listed(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        engine = msgspec.structs.replace(
            samples.status().engine, restarts=1, died_at=samples.NOW, death="it was killed by SIGKILL"
        )
        await node.change(StatusChanged(samples.status(engine=engine)))
        await until(pilot, lambda: app.toasts.shown is not None)
        assert app.toasts.shown is not None
        assert app.toasts.shown.title == "The engine died"
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        listed = f"{clock(samples.NOW)}      The engine died"
        await until(pilot, lambda: listed in shown(app, "#document"))
        assert "killed by SIGKILL" in shown(app, "#document")


async def test_a_silence_of_the_node_makes_no_event_news_again(node: ScriptedNode) -> None:
    clock = [samples.NOW]
    app = Dashboard(node.connect, now=lambda: clock[0])
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        engine = msgspec.structs.replace(samples.status().engine, died_at=samples.NOW, death="it was killed")
        status = samples.status(engine=engine)
        await node.change(StatusChanged(status))
        await until(pilot, lambda: toast(app).startswith("The engine died"))
        died = app.toasts.shown
        assert died is not None
        app.toasts.end(died)
        await node.stop()
        await until(pilot, lambda: "✖ UNREACHABLE" in shown(app, "#verdict"))
        clock[0] += 2 * QUIET_S
        node.snapshot = samples.snapshot(status=status)
        await node.start()
        app.action_reconnect()
        await until(pilot, lambda: "SERVING" in shown(app, "#verdict"))
        assert "engine died" not in toast(app)
        assert app.toasts.others == 0


async def test_a_chain_that_was_replaced_is_told_with_what_it_means_and_what_to_do(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        replaced = ReplacedChain(chain_id=31337, genesis_hash="0x" + "aa" * 32, at=samples.NOW)
        chain = msgspec.structs.replace(samples.status().chain, replaced=replaced)
        await node.change(StatusChanged(samples.status(chain=chain)))
        await until(pilot, lambda: toast(app).startswith("Chain 31337 was replaced by another: "))
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: "Chain 31337 was replaced" in shown(app, "#document"))
        words = " ".join(shown(app, "#document").split())
        assert "sessions and tasks of the old one are gone" in words
        assert "The journal keeps what was done there" in words
        assert "Make a session with n" in words


@given(st.lists(CAUSES, max_size=40))
def test_no_storm_and_no_endless_list(moments: list[list[int]]) -> None:
    notices = NoticeList()
    for second, causes in enumerate(moments):
        standing = [Notice(f"c{one}", "t", "x", is_event=one % 2 == 0) for one in dict.fromkeys(causes)]
        told = notices.take(standing, second)
        assert {one.cause for one in told.fresh} <= {one.cause for one in standing}
        lasting = {one.notice.cause for one in notices.kept if one.until is None}
        assert lasting == {one.cause for one in standing if not one.is_event}
        assert len(notices.kept) <= max(MAX_KEPT, len(lasting))
