"""The sessions screen for tests: going there, and what is seen and asked."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.sessions import SessionsScreen
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.node.messages import RequestBody

from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL, WIDE = (80, 24), (160, 48)


async def at_sessions(pilot: Pilot[None]) -> None:
    """Go to the sessions."""
    await live(pilot)
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, SessionsScreen))
    await until(pilot, lambda: pilot.app.screen.query_one("#sessions", LineTable).row_count > 0)


def asked(node: ScriptedNode, kind: type[RequestBody]) -> list[Any]:
    return [body for body in node.requests if isinstance(body, kind)]


def listed(app: Dashboard) -> list[str]:
    """Return the first words of the rows in sight."""
    rows = shown(app, "#sessions").splitlines()[1:]
    return [row.split()[0] for row in rows if row.strip()]
