"""How the tasks look: the list, one task, a proof, a mistake in the filter, and nothing to show."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.task_pane import TaskPane
from cortensor_tui.dashboard.widgets.line_table import RowTable
from cortensor_tui.node.messages import Snapshot

from . import samples
from .conftest import shown, until
from .past import answer_history
from .test_snapshots import Stood

SIZES = [(80, 24), (160, 48)]
THEMES = ["harbour", "harbour-light"]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def stood(theme: str = "harbour", snapshot: Snapshot | None = None) -> Stood:
    found = Stood(snapshot or samples.snapshot(), theme)
    answer_history(found.node)
    return found


def has_cursor(app: Dashboard) -> bool:
    """Tell whether a row of the list is drawn as the one under the cursor."""
    if not app.screen.query_one("#list").display:
        return False
    lines = app.screen.query_one("#tasks", RowTable)._lines
    return any("cursor" in span.role for one in lines for span in one)


def at(
    stood: Stood, selector: str, words: str, *keys: str, verdict: str = "SERVING", first: str = "8/2"
) -> Any:
    """Return what goes to the tasks, waits for the list, presses keys and waits for the words."""

    async def stage(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: verdict in shown(stood.app, "#verdict"))
        await pilot.press("3")
        await until(
            pilot, lambda: bool(stood.app.screen.query("#tasks")) and first in shown(stood.app, "#tasks")
        )
        await pilot.press(*keys)
        await until(pilot, lambda: words in shown(stood.app, selector))
        await until(pilot, lambda: "reading …" not in shown(stood.app, "#report"))
        if selector == "#report":
            await until(pilot, lambda: not has_cursor(stood.app))  # the list has heard that the focus is gone

    return stage


@sizes
@pytest.mark.parametrize("theme", THEMES)
def test_one_task(snap_compare: Any, theme: str, size: tuple[int, int]) -> None:
    one = stood(theme)
    assert snap_compare(one.app, terminal_size=size, run_before=at(one, "#report", "ended", "j", "enter"))


@sizes
def test_a_proof(snap_compare: Any, size: tuple[int, int]) -> None:
    one = stood()
    opened = at(one, "#report", "ended", "j", "enter")

    async def stage(pilot: Pilot[None]) -> None:
        await opened(pilot)
        await until(pilot, lambda: one.app.screen.query_one(TaskPane)._log is not None)  # it moves the proof
        await pilot.press("v")
        await until(pilot, lambda: "REFUTED" in shown(one.app, "#report"))

    assert snap_compare(one.app, terminal_size=size, run_before=stage)


@sizes
def test_a_mistake_in_the_filter(snap_compare: Any, size: tuple[int, int]) -> None:
    one = stood()
    opened = at(one, "#tasks", "8/2", "slash")

    async def stage(pilot: Pilot[None]) -> None:
        await opened(pilot)
        # At once: what is typed slowly is in force before its mistake comes.
        one.app.screen.query_one("FilterLine Input", Input).value = "session:7 stage:foo"
        await until(pilot, lambda: "no stage" in shown(one.app, "FilterLine > TextLines"))

    assert snap_compare(one.app, terminal_size=size, run_before=stage)


def test_a_filter_that_hides_all(snap_compare: Any) -> None:
    one = stood()
    stage = at(one, "#tasks", "No task matches", "slash", *"session:99", "enter")
    assert snap_compare(one.app, terminal_size=(80, 24), run_before=stage)
