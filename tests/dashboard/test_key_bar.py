"""The line of keys with the mouse: a click does what the key does that is clicked on."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.screens.assign import AssignScreen
from cortensor_tui.dashboard.screens.help import HelpScreen
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.dashboard.screens.swap import SwapScreen
from cortensor_tui.dashboard.widgets.key_bar import KeyBar
from cortensor_tui.domain.tasks import Stage
from cortensor_tui.node.messages import TaskChanged

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode
from .session_samples import answer_swaps
from .test_places import is_at

SMALL = (80, 24)


async def click(pilot: Pilot[None], words: str) -> None:
    """Click on the last letter of what the bar says."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await until(pilot, lambda: words in shown(app, "KeyBar"))
    x = shown(app, "KeyBar").index(words) + len(words) - 1
    await pilot.click(KeyBar, offset=(x, 0))


@pytest.mark.parametrize(
    ("words", "opened"),
    [("a Assign", AssignScreen), ("? Help", HelpScreen), ("q Quit", AskScreen)],
)
async def test_each_key_shown_can_be_clicked(app: Dashboard, words: str, opened: type[object]) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        before = app.focused
        await click(pilot, words)
        await until(pilot, lambda: isinstance(app.screen, opened))
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is before)


async def test_a_click_acts_where_the_key_would(node: ScriptedNode, app: Dashboard) -> None:
    answer_swaps(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await click(pilot, "3 Tasks")
        await until(pilot, lambda: is_at(app, "tasks"))
        await pilot.press("2")
        await until(pilot, lambda: is_at(app, "sessions"))
        await click(pilot, "m Swap")
        await until(pilot, lambda: isinstance(app.screen, SwapScreen))


async def test_a_click_while_a_filter_is_typed_is_no_letter_of_it(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("2", "slash", *"mine")
        await until(pilot, lambda: isinstance(app.focused, Input) and app.focused.value == "mine")
        field = app.focused
        assert isinstance(field, Input)
        await click(pilot, "esc Clear")
        await until(pilot, lambda: field.value == "" and app.focused is not field)


async def test_beside_the_keys_a_click_does_nothing(app: Dashboard) -> None:
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        stack, focused = app.screen_stack[:], app.focused
        await pilot.click(KeyBar, offset=(158, 0))
        await pilot.pause()
        assert app.screen_stack == stack
        assert app.focused is focused


async def test_a_toast_opens_its_list(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        task = msgspec.structs.replace(samples.snapshot().tasks[-1], stage=Stage.MISSED, note="too late")
        await node.change(TaskChanged(task))
        await click(pilot, "was missed")
        await until(pilot, lambda: isinstance(app.screen, NoticesScreen))


async def test_the_answer_to_a_key_opens_nothing(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("p")
        await click(pilot, "Nothing private")
        await pilot.pause()
        assert len(app.screen_stack) == 1
