"""How the transactions look: the list, one of them, and nothing to show."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.widgets.line_table import RowTable

from . import samples
from .conftest import shown, until
from .past import answer_history
from .test_snapshots import Stood

sizes = pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=lambda size: f"{size[0]}x{size[1]}")


def has_cursor(app: Dashboard) -> bool:
    """Tell whether the list is in sight with a row drawn as the one under the cursor."""
    lines = app.screen.query_one("#transactions", RowTable)._lines
    is_seen = app.screen.query_one("#list").display
    return is_seen and any("cursor" in span.role for one in lines for span in one)


def at(stood: Stood, first: str, *keys: str, verdict: str = "SERVING", is_read: bool = False) -> Any:
    async def stage(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: verdict in shown(stood.app, "#verdict"))
        await pilot.press("4")
        await until(
            pilot,
            lambda: (
                bool(stood.app.screen.query("#transactions")) and first in shown(stood.app, "#transactions")
            ),
        )
        await pilot.press(*keys)
        if is_read:
            await until(pilot, lambda: not has_cursor(stood.app))

    return stage


@sizes
def test_one_transaction(snap_compare: Any, size: tuple[int, int]) -> None:
    one = Stood(samples.snapshot())
    answer_history(one.node)
    stage = at(one, "8/2", "G", "enter", is_read=True)
    assert snap_compare(one.app, terminal_size=size, run_before=stage)
