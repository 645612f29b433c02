"""A node that only watches, on every place that says what a node is."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.format import UNKNOWN
from cortensor_tui.dashboard.places import PLACES
from cortensor_tui.dashboard.present import tables
from cortensor_tui.dashboard.present.dependency_lines import column_lines
from cortensor_tui.dashboard.present.details import node_details
from cortensor_tui.dashboard.present.freshness import Sight
from cortensor_tui.dashboard.present.transaction_rows import transaction_row
from cortensor_tui.dashboard.present.why import why_text
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.screens.submit import SubmitScreen
from cortensor_tui.dashboard.terminal_title import title_of
from cortensor_tui.dashboard.widgets.chart import Chart
from cortensor_tui.domain.problems import Problem
from cortensor_tui.domain.transactions import TransactionKind, TransactionState
from cortensor_tui.node.messages import Refused

from . import samples, watching_samples
from .conftest import shown, until
from .past import answer_history
from .scripted_node import ScriptedNode


@pytest.fixture
async def node() -> AsyncIterator[ScriptedNode]:
    with tempfile.TemporaryDirectory(prefix="ct") as folder:  # short: a socket's path has 108 bytes
        scripted = ScriptedNode(Path(folder) / "node.sock", watching_samples.snapshot())
        await scripted.start()
        yield scripted
        await scripted.stop()


@pytest.fixture
def app(node: ScriptedNode) -> Dashboard:
    return Dashboard(node.connect, now=lambda: samples.NOW)


async def test_the_header_says_so_and_no_key_is_named_that_cannot_work(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "● WATCHING  0x7099…79C8, bound to session 7" in shown(app, "#verdict"))
        await until(pilot, lambda: "Tasks" in shown(app, "KeyBar"))
        for words in ("Assign", "Unbind", "New session", "Prompt"):
            assert words not in shown(app, "KeyBar")
        await pilot.press("2")
        await until(pilot, lambda: "Filter" in shown(app, "KeyBar"))
        for words in ("Assign", "Swap", "Change", "Close"):
            assert words not in shown(app, "KeyBar")


async def test_an_act_all_the_same_is_answered_with_the_reason(app: Dashboard, node: ScriptedNode) -> None:
    node.otherwise = lambda _: Refused(
        Problem(code="only_watching", what="This node only watches", why="", remedy="Use one with the key")
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "WATCHING" in shown(app, "#verdict"))
        await pilot.press("a")
        await until(pilot, lambda: "only watches" in shown(app, "#outcome"))


@pytest.mark.parametrize("place", ["1", "2", "3"])
async def test_a_prompt_is_refused_before_it_is_written(app: Dashboard, place: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "WATCHING" in shown(app, "#verdict"))
        await pilot.press(place)
        await until(pilot, lambda: app.current_mode == PLACES[int(place) - 1].name and is_whole(app))
        await pilot.press("s")
        await until(pilot, lambda: "only watches and has no key" in shown(app, "KeyBar"))
        assert not isinstance(app.screen, SubmitScreen)


async def test_a_task_is_told_without_what_only_its_node_knows(app: Dashboard, node: ScriptedNode) -> None:
    ended = samples.ended_task(3)
    node.snapshot = msgspec.structs.replace(
        node.snapshot, tasks=(msgspec.structs.replace(ended, applied=None),), transactions=()
    )
    answer_history(node)
    async with app.run_test(size=(100, 60)) as pilot:
        await until(pilot, lambda: "WATCHING" in shown(app, "#verdict"))
        await pilot.press("3")
        await until(pilot, lambda: app.current_mode == "tasks" and is_whole(app))
        await until(pilot, lambda: "▒ answer" in shown(app, "#legend"))
        await until(pilot, lambda: "7/3" in shown(app, "#tasks"))
        assert "prefill" not in shown(app, "#legend")
        await pilot.press("enter")
        await until(pilot, lambda: "Parameters" in shown(app, "#report"))
        report = shown(app, "#report")
        assert "which were applied is unknown" in report
        assert " answer " in report
        assert " precommit " not in report.partition("Texts")[0]


async def test_no_session_is_called_one_s_own(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.screen.query(Chart)) and "owns" in shown(app, "#sessions"))
        assert "mine" not in shown(app, "#sessions")
        await pilot.press("2")
        await until(pilot, lambda: app.current_mode == "sessions" and is_whole(app))
        await until(pilot, lambda: "owns" in shown(app, "#sessions"))
        assert "yes" in shown(app, "#sessions")
        assert "mine" not in shown(app, "#sessions")
        await pilot.press("slash", *"owned", "enter")
        await until(pilot, lambda: "3 of " in shown(app, "#list Heading"))
        await pilot.press("enter")
        await until(pilot, lambda: "(watched)" in shown(app, "#entries"))
        assert "(you)" not in shown(app, "#entries")


async def test_the_charts_say_that_speeds_are_not_on_the_chain(app: Dashboard) -> None:
    async with app.run_test(size=(160, 48)) as pilot:
        await until(
            pilot, lambda: bool(app.screen.query(Chart)) and "not on the chain" in shown(app, "#decode")
        )
        assert "not on the chain" in shown(app, "#prefill")
        assert "not on the chain" not in shown(app, "#hourly")


def test_a_transaction_of_an_untold_block_time_has_no_age() -> None:
    seen = samples.transaction(9, TransactionKind.ACK, TransactionState.MINED, mined_at=None, sent_at=None)
    sight = Sight(samples.NOW)
    for row in (tables.transaction_row(seen, sight), transaction_row(seen, sight, sight)):
        age = row.cells[0]
        assert isinstance(age, Span)
        assert age.text == UNKNOWN


def is_whole(app: Dashboard) -> bool:
    return isinstance(app.screen, PlaceScreen) and app.screen.is_whole


def test_engine_and_key_are_not_missed() -> None:
    view = from_snapshot(watching_samples.snapshot())
    lines = ["".join(span.text for span in one) for one in column_lines(view.status, Sight(samples.NOW), 110)]
    assert any("engine" in one and "not needed" in one for one in lines)
    assert any("key" in one and "not here" in one and "unlocked" not in one for one in lines)
    details = {one.label: one.text for one in node_details(view.status)}
    assert details["engine"] == "none: this node only watches"
    assert details["watched"] == samples.NODE
    assert "owner" not in details
    assert "shown as the chain tells it" in why_text(view, Sight(samples.NOW))
    state = FeedState(link=Link.LIVE, since=0.0, heard_at=samples.NOW, view=view)
    assert title_of(state, samples.NOW).startswith("cortensor: WATCHING 0x7099…79C8")
