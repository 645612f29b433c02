"""The tasks screen for tests: going there."""

from __future__ import annotations

from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.tasks import TasksScreen

from .conftest import live, shown, until

SMALL, WIDE = (80, 24), (160, 48)


async def open_tasks(pilot: Pilot[None], app: Dashboard) -> None:
    await live(pilot)
    await pilot.press("3")
    await until(pilot, lambda: isinstance(app.screen, TasksScreen) and "8/2" in shown(app, "#tasks"))


def keys_shown(app: Dashboard) -> list[str]:
    """Return the tasks of the list, from the top."""
    rows = shown(app, "#tasks").split("\n")[1:]
    return [word for row in rows for word in row.split() if "/" in word and word[0].isdigit()]
