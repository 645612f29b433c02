"""At every size of terminal: nothing fails, the verdict is in sight, and what was there comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.cells import Span
from cortensor_tui.dashboard.feed import FeedState, Link
from cortensor_tui.dashboard.folding import from_snapshot
from cortensor_tui.dashboard.places import PLACES
from cortensor_tui.dashboard.present import network, session_table, tables, task_rows, transaction_rows
from cortensor_tui.dashboard.present import settings as settings_rows
from cortensor_tui.dashboard.present.verdict import stacked_lines, verdict_lines
from cortensor_tui.dashboard.screens.base import Panel as PanelScreen
from cortensor_tui.dashboard.widgets.line_table import Column, LineTable, Row
from cortensor_tui.node.messages import Snapshot, StatusChanged

from . import samples
from .conftest import shown, text_of, until
from .pictures import Stood, answer_all, is_waiting
from .scripted_setup import ScriptedSetup
from .test_snapshots_panels import PANELS, Panel

USUAL = (80, 24)
CORNERS = ((60, 16), (60, 15), (40, 8), (30, 6), (20, 5), (200, 60))
SIZES = st.tuples(st.integers(20, 200), st.integers(5, 60))
PALETTE = Panel("2", ("ctrl+p",), "Search")
_SHOWN = (
    *("why-not-met", "node", "help", "notices", "themes", "leaving", "bind", "new-session", "prompt"),
    *("change-session", "routers", "hand-over", "swap", "close-session-asked", "session", "task"),
    *("texts", "transaction", "endpoint", "log-line", "change-setting"),
)
SCENES = {
    **{place.name: Panel(place.key[0], (), "") for place in PLACES},
    **{name: PANELS[name] for name in _SHOWN},
    "palette": PALETTE,
}


def rows(app: Dashboard) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


def everything(app: Dashboard) -> str:
    """Return all that is drawn, also what one would have to scroll to."""
    return "\n".join(text_of(widget) for widget in app.screen.query("*"))


@asynccontextmanager
async def opened(scene: Panel) -> AsyncIterator[tuple[Stood, Pilot[None]]]:
    """Run a dashboard before a node that serves, and come to a scene."""
    stood = Stood(scene.snapshot(), ScriptedSetup())
    answer_all(stood.node)
    scene.prepare(stood.node)
    async with stood.app.run_test(size=USUAL) as pilot:
        await stood.go_to(pilot, scene.place)
        await until(pilot, lambda: stood.app.screen.is_mounted and not is_waiting(stood.app))
        for step in scene.steps:
            if isinstance(step, str):
                await pilot.press(step)
            else:
                step(stood.app)
            await until(pilot, lambda: not is_waiting(stood.app))
        await until(pilot, lambda: scene.words in everything(stood.app) and not is_waiting(stood.app))
        yield stood, pilot
    await stood.node.stop()


async def seen_at(stood: Stood, pilot: Pilot[None], sizes: Iterable[tuple[int, int]]) -> None:
    """Take each size, and look whether the verdict is in sight."""
    view = stood.app.view
    assert view is not None
    word = str(view.status.verdict).upper()
    for width, height in sizes:
        await pilot.resize_terminal(width, height)
        await until(pilot, lambda size=(width, height): stood.app.size == size)  # type: ignore[misc]
        stood.app._tick()
        await until(pilot, lambda: len(rows(stood.app)) == stood.app.size.height)
        if width >= 30 and height >= 6:
            assert word in rows(stood.app)[0], (width, height)


@pytest.mark.parametrize("name", SCENES)
async def test_the_verdict_stays_in_sight_and_everything_comes_back(name: str) -> None:
    async with opened(SCENES[name]) as (stood, pilot):
        before = rows(stood.app)
        await seen_at(stood, pilot, CORNERS)
        await pilot.resize_terminal(*USUAL)
        await until(pilot, lambda: rows(stood.app) == before)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(SCENES)), sizes=st.lists(SIZES, min_size=4, max_size=12))
def test_at_whatever_size(name: str, sizes: list[tuple[int, int]]) -> None:
    async def looked() -> None:
        async with opened(SCENES[name]) as (stood, pilot):
            await seen_at(stood, pilot, sizes)

    asyncio.run(looked())


@pytest.mark.parametrize("name", ["node", "texts", "session", "swap", "palette"])
async def test_what_is_said_over_a_panel_moves_on(name: str) -> None:
    async with opened(SCENES[name]) as (stood, pilot):
        await stood.node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(stood.app, "#verdict"))
        stood.clock += 42
        stood.app._tick()
        await until(pilot, lambda: "▲ SILENT  for 42 s" in shown(stood.app, "#verdict"))


def test_no_panel_keeps_the_verdict_from_moving_on() -> None:
    def all_kinds(kind: type[PanelScreen]) -> list[type[PanelScreen]]:  # type: ignore[type-arg]
        return [one for below in kind.__subclasses__() for one in (below, *all_kinds(below))]

    for kind in all_kinds(PanelScreen):
        assert not {"offer", "tick", "compose"} & vars(kind).keys(), kind


async def test_a_small_terminal_says_what_is_wrong_what_to_do_and_the_one_key() -> None:
    async with opened(Panel("1", (), "", snapshot=blocked)) as (stood, pilot):
        await pilot.resize_terminal(40, 10)
        await until(pilot, lambda: len(rows(stood.app)) == 10)
        told = "\n".join(rows(stood.app))
        assert "✖ BLOCKED\n the node's account has no balance" in told
        assert "Send a little ether" in told
        assert "w Why, and what to do" in told
        assert "Assign" not in told  # nothing that acts on what is not seen
        await pilot.press("w")
        await until(pilot, lambda: "Not met first" in "\n".join(rows(stood.app)))


async def test_too_small_for_that_is_said() -> None:
    async with opened(Panel("3", (), "")) as (stood, pilot):
        await pilot.resize_terminal(39, 8)
        await until(pilot, lambda: "Terminal too small: 40x8 needed" in "\n".join(rows(stood.app)))


def blocked() -> Snapshot:
    return samples.snapshot(status=samples.blocked())


def text(lines: Iterable[object]) -> list[str]:
    return ["".join(span.text for span in one).rstrip() for one in lines]  # type: ignore[attr-defined]


def told_of(**changes: Any) -> FeedState:
    return FeedState(
        link=Link.LIVE,
        since=samples.NOW,
        heard_at=samples.NOW,
        view=from_snapshot(samples.snapshot(status=samples.status(**changes))),
    )


def test_warnings_are_counted_also_beside_a_long_verdict() -> None:
    long = "the chain has not been read for four minutes: its endpoint answers with errors of its own"
    lines = text(verdict_lines(told_of(reason=long, warnings=("a", "b")), samples.NOW, 80, title="Dashboard"))
    assert lines[0].endswith("▲ 2 warnings (i)")
    assert " ".join(line.strip() for line in lines[1:3]) == long


def test_a_remedy_that_is_cut_says_so() -> None:
    [*_, last] = text(verdict_lines(samples_blocked(), samples.NOW, 60, title="Dashboard"))
    assert last.endswith("…")


def samples_blocked() -> FeedState:
    return FeedState(link=Link.LIVE, since=samples.NOW, heard_at=samples.NOW, view=from_snapshot(blocked()))


@given(width=st.integers(30, 200), height=st.integers(1, 60), at=st.integers(0, 9))
def test_the_word_is_whole_at_every_width(width: int, height: int, at: int) -> None:
    words: list[tuple[FeedState, str]] = [
        (samples_blocked(), "✖ BLOCKED"),
        (FeedState(link=Link.UNREACHABLE, since=samples.NOW), "✖ UNREACHABLE"),
        (
            FeedState(link=Link.UNREACHABLE, since=0.0, heard_at=0.0, view=samples_blocked().view),
            "UNREACHABLE",
        ),
    ]
    for state, word in words:
        one = text(verdict_lines(state, samples.NOW + at, width, title="Transactions"))
        assert word in one[0]
        assert len(stacked_lines(state, samples.NOW + at, width, height)) <= height


COLUMNS = {
    "sessions at a glance": (tables.SESSION_COLUMNS, ("id", "name", "this node")),
    "transactions at a glance": (tables.TRANSACTION_COLUMNS, ("stage", "task", "hash", "state")),
    "sessions": (session_table.COLUMNS, ("id", "name", "this node")),
    "tasks": (task_rows.COLUMNS, ("task", "stage", "prompt")),
    "transactions": (transaction_rows.COLUMNS, ("stage", "task", "wait", "state")),
    "endpoints": (network.ENDPOINT_COLUMNS, ("state", "endpoint", "last trouble")),
    "facts": (network.FACT_COLUMNS, ("what", "value")),
    "settings": (settings_rows.COLUMNS, ("setting", "value")),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_least_size_keeps_the_columns_that_matter_most(name: str) -> None:
    columns, most = COLUMNS[name]
    table = LineTable(columns, "", id="table")
    table.show([Row("", tuple(Span("x") for _ in columns))])
    for width in (60, 70, 80):
        header = text(table.lines(width, 3))[0]
        assert all(title in header for title in most), header


def test_of_columns_of_one_rank_the_last_one_goes_first() -> None:
    columns = (Column("first", 10), Column("second", 10), Column("third", 10))
    table = LineTable(columns, "", id="table")
    table.show([Row("", (Span("x"), Span("x"), Span("x")))])
    assert text(table.lines(24, 3))[0].split() == ["first", "second"]
