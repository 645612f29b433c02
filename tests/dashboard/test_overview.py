"""What the keys of the dashboard do: why no tasks come, freezing the picture, the time that charts span."""

from __future__ import annotations

import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.dashboard.screens.overview import OverviewScreen
from cortensor_tui.dashboard.screens.why import WhyScreen
from cortensor_tui.domain.health import Verdict
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.messages import StatusChanged, TaskChanged, TransactionChanged

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)
UNBOUND = samples.preconditions(
    bound_to_an_active_session=("bound to none", "Bind this node to a session"),
)


@pytest.mark.parametrize("keys", [("w",), ("shift+tab", "enter")], ids=["key", "enter on the verdict"])
async def test_why_no_tasks_come_is_told_in_order_with_the_remedy(
    node: ScriptedNode, app: Dashboard, keys: tuple[str, ...]
) -> None:
    node.snapshot = samples.snapshot(status=samples.status(preconditions=UNBOUND))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press(*keys)
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        told = " ".join(shown(app, "#why").split())
        assert told.startswith("Not met first: bound to an active session.")
        assert told.index("● met the model is running") < told.index("✖ not met bound to an active")
        assert "→ Bind this node to a session: a binds this node, n creates" in told
        assert told.count("not met ") == 1
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: "Nothing known stands in the way" in shown(app, "#why"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, OverviewScreen))


@pytest.mark.parametrize("size", [SMALL, (160, 48)])
async def test_a_node_that_waits_says_which_keys_bind_it(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int]
) -> None:
    unbound = samples.status(Verdict.WAITING, reason="bound to no active session", preconditions=UNBOUND)
    async with app.run_test(size=size) as pilot:
        await live(pilot)
        await node.change(StatusChanged(unbound))
        advice = "→ a binds this node, n creates a session"
        await until(pilot, lambda: advice in shown(app, "#verdict"))
        assert "▲ WAITING  bound to no active session" in shown(app, "#verdict")
        assert app.toasts.shown is None, "it is said in the header already"
        await pilot.press("exclamation_mark")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
        await until(pilot, lambda: "a binds this node" in " ".join(shown(app, "#document").split()))


async def test_a_node_that_waits_for_something_to_come_advises_nothing(
    node: ScriptedNode, app: Dashboard
) -> None:
    loading = samples.preconditions(model_is_running=("the model is loading", ""))
    waiting = samples.status(Verdict.WAITING, reason="the model is loading", preconditions=loading)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await node.change(StatusChanged(waiting))
        await until(pilot, lambda: "▲ WAITING  the model is loading" in shown(app, "#verdict"))
        assert "→" not in shown(app, "#verdict")


async def test_the_list_is_copied_as_text(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        await pilot.press("y")
        await until(pilot, lambda: "● met      the model is running" in app.clipboard)


async def test_an_older_node_that_tells_no_preconditions_is_said_to_be_one(
    node: ScriptedNode, app: Dashboard
) -> None:
    node.snapshot = samples.snapshot(status=samples.status(preconditions=()))
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, WhyScreen))
        assert "older than this dashboard" in shown(app, "#why")


@pytest.mark.parametrize("key", ["space", "f"])
async def test_a_frozen_picture_stands_still_and_says_so_while_the_verdict_goes_on(
    node: ScriptedNode, key: str
) -> None:
    clock = [samples.NOW]
    app = Dashboard(node.connect, now=lambda: clock[0])
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press(key)
        await until(pilot, lambda: "▲ FROZEN  the picture below is 0 s old" in shown(app, "#verdict"))
        before, sent = shown(app, "#status"), shown(app, "#transactions")
        clock[0] += 30
        mined = samples.transaction(
            7, TransactionKind.PRECOMMIT, TransactionState.MINED, fee_wei="123000000000000"
        )
        await node.change(TransactionChanged(mined))
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        assert "▲ FROZEN  the picture below is 30 s old" in shown(app, "#verdict")
        assert (shown(app, "#status"), shown(app, "#transactions")) == (before, sent)
        await pilot.press(key)
        await until(pilot, lambda: "FROZEN" not in shown(app, "#verdict"))
        assert "✖ gas" in shown(app, "#status")
        await until(pilot, lambda: "0.000123 ether" in shown(app, "#transactions"))


async def test_a_frozen_picture_stays_as_it_is_in_another_size(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("space")
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "● gas      enough" in shown(app, "#status"))


async def test_z_goes_from_an_hour_to_a_day_to_a_week_and_back(app: Dashboard) -> None:
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        for words in ("last 60 min", "last 11 h", "last 2 d", "last 60 min"):
            await until(pilot, lambda words=words: words in shown(app, "#decode"))  # type: ignore[misc]
            await pilot.press("z")


async def test_tasks_that_wait_for_the_engine_are_counted(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        for task_id in (13, 14):
            await node.change(TaskChanged(samples.task(task_id, Stage.ASSIGNED)))
        await until(pilot, lambda: "task 7/12 · 2 waiting" in shown(app, "#inference-pane Heading"))


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (80, 48), (100, 20), (100, 24), (120, 40), (160, 48)])
async def test_no_pane_covers_another_or_runs_over_the_edge(app: Dashboard, size: tuple[int, int]) -> None:
    names = ["#status", "#sessions", "#answer", "#transactions"]
    if size[1] >= 24:
        names += ["#prompt", "#figures", "#decode", "#prefill", "#hourly"]
    async with app.run_test(size=size) as pilot:
        await live(pilot)
        seen = {name: app.screen.find_widget(app.screen.query_one(name)).visible_region for name in names}
        assert all(region.height >= 1 for region in seen.values()), seen
        for one, region in seen.items():
            assert not any(region.overlaps(seen[other]) for other in names if other != one), one
