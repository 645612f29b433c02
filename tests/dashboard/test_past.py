"""Before a chain has answered: the past is shown and said to be that, and unknown is no zero."""

from __future__ import annotations

import re

import msgspec
import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.domain.throughput import Throughput
from cortensor_tui.node.messages import StatusChanged

from . import samples
from .conftest import shown, until
from .past import answer_history, before_a_chain_answered
from .scripted_node import ScriptedNode

REMARK = "past of chain 31337, 3 h old"


@pytest.fixture(params=[(80, 24), (160, 48)], ids=["80x24", "160x48"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    found: tuple[int, int] = request.param
    return found


@pytest.mark.parametrize(
    ("key", "heading", "table"),
    [
        ("1", "#transactions-pane Heading", "#transactions"),
        ("3", "#list > Heading", "#tasks"),
        ("4", "#list > Heading", "#transactions"),
    ],
    ids=["dashboard", "tasks", "transactions"],
)
async def test_the_past_is_shown_and_said_to_be_that_until_a_chain_answers(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int], key: str, heading: str, table: str
) -> None:
    node.snapshot = before_a_chain_answered()
    answer_history(node)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None and "BLOCKED" in shown(app, "#verdict"))
        await pilot.press(key)
        await until(pilot, lambda: REMARK in shown(app, heading))
        await until(pilot, lambda: "7/12" in shown(app, table))
        assert "pending" not in shown(app, heading)
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: "past" not in shown(app, heading))


async def test_what_has_not_been_counted_or_read_is_unknown_and_no_zero(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int]
) -> None:
    told = before_a_chain_answered(answered_tasks=None, missed_tasks=None, past=None)
    node.snapshot = msgspec.structs.replace(told, tasks=(), transactions=(), throughput=Throughput())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None and "BLOCKED" in shown(app, "#verdict"))
        await until(pilot, lambda: shown(app, "#hourly").startswith(" tasks –"))
        assert "Unknown until the chain is read" in shown(app, "#transactions")
        assert "pending" not in shown(app, "#transactions-pane Heading")
        assert "an hour" not in shown(app, "#hourly")
        assert "since the node started" in shown(app, "#answer")
        drawn = "\n".join(shown(app, name) for name in ("#status", "#sessions", "#hourly", "#transactions"))
        assert not re.search(r"(?<![\w.])0(?![\w.])", drawn)


@pytest.mark.parametrize(
    ("key", "heading", "table"),
    [("1", "#sessions-pane Heading", "#sessions"), ("2", "#list Heading", "#sessions")],
    ids=["dashboard", "sessions"],
)
async def test_sessions_are_unknown_until_they_were_read_though_the_chain_answers(
    node: ScriptedNode, app: Dashboard, size: tuple[int, int], key: str, heading: str, table: str
) -> None:
    node.snapshot = samples.snapshot(status=samples.status(are_sessions_read=False), sessions=())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None and "SERVING" in shown(app, "#verdict"))
        await pilot.press(key)
        await until(pilot, lambda: "nknown" in shown(app, heading))
        assert "No sessions yet" not in shown(app, table)
        await node.change(StatusChanged(samples.status()))
        await until(pilot, lambda: "No sessions yet" in shown(app, table))
