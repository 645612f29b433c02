"""The palette: everything that can be done, found by its name, by its field's word, and from any place."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette, SearchIcon
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.key_catalogue import all_bindings
from cortensor_tui.dashboard.palette_words import IDS
from cortensor_tui.dashboard.screens.close_session import CloseSessionScreen
from cortensor_tui.node.messages import Stop

from . import samples
from .conftest import live, until
from .scripted_node import ScriptedNode
from .test_places import is_at

SMALL = (80, 24)


async def offered(pilot: Pilot[None], query: str = "", key: str = "ctrl+p") -> list[str]:
    """Open the palette, type a query, and return the titles of what it offers."""
    app = pilot.app
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, CommandPalette))
    shown = app.screen.query_one(OptionList)
    await until(pilot, lambda: shown.option_count > 3)
    if query:
        before = shown.get_option_at_index(0)
        app.screen.query_one(Input).value = query
        await until(pilot, lambda: bool(shown.option_count) and shown.get_option_at_index(0) is not before)
        palette = app.screen
        searches = [worker for worker in app.workers if worker.node is palette]
        await until(pilot, lambda: not any(worker.is_running for worker in searches))
    return [str(option.prompt).split("\n")[0] for option in shown.options]


async def test_no_sign_that_few_fonts_have_stands_before_its_field(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await offered(pilot)
        assert not app.screen.query_one(SearchIcon).display


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_it_offers_what_can_be_done_here_with_its_keys(app: Dashboard, key: str) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        titles = await offered(pilot, key=key)
    for title in ("Assign  (a)", "Unbind  (u)", "New session  (n)", "Prompt  (s)", "Theme", "Reload keys"):
        assert title in titles
    assert titles.index("Why  (w)") < titles.index("Assign  (a)"), (
        "what is particular to this screen is first"
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("deact", "Sessions: Close  (2 x)"),
        ("addDedicated", "Assign  (a)"),
        ("shutdown", "Stop the node"),
        ("etherscan", "Transactions: Copy link  (4 L)"),
        ("endpoints", "Network  (5)"),
        ("close", "Sessions: Close  (2 x)"),
    ],
)
async def test_it_finds_by_the_words_of_the_field(app: Dashboard, query: str, found: str) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert found in await offered(pilot, query)


async def test_an_act_of_another_place_goes_there_and_is_done(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert (await offered(pilot, "deactivate"))[0] == "Sessions: Close  (2 x)"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CloseSessionScreen))
        assert app.current_mode == "sessions"


async def test_a_place_is_gone_to(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert (await offered(pilot, "Network"))[0] == "Network  (5)"
        await pilot.press("enter")
        await until(pilot, lambda: is_at(app, "network"))


async def test_the_node_is_stopped(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert (await offered(pilot, "Stop the node"))[0] == "Stop the node"
        await pilot.press("enter")
        await until(pilot, lambda: Stop() in node.requests)


async def test_what_cannot_be_done_now_is_not_offered(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, start_node=node.start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        titles = await offered(pilot)
        assert "Start node  (o)" not in titles, "one runs"
        assert "Private  (p)" not in titles, "nothing private is in sight"
        await pilot.press("escape")
        await node.stop()
        await until(pilot, lambda: app.feed_state.retry_at is not None)
        assert "Start node  (o)" in await offered(pilot)


async def test_without_a_node_nothing_is_offered_that_needs_one(node: ScriptedNode) -> None:
    await node.stop()
    app = Dashboard(node.connect, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: app.feed_state.retry_at is not None)
        titles = await offered(pilot)
        assert not [one for one in titles if one.startswith(("Assign", "Prompt", "Stop the node"))]
        assert "Settings  (7)" in titles


def test_the_other_words_are_those_of_keys_that_there_are() -> None:
    assert set(IDS) <= set(all_bindings(Dashboard))
