"""Places: a digit away, and as they were left."""

from __future__ import annotations

from textual.widgets import OptionList

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.places import PLACES
from cortensor_tui.dashboard.screens.help import HelpScreen
from cortensor_tui.dashboard.screens.new_session import NewSessionScreen
from cortensor_tui.dashboard.screens.overview import OverviewScreen
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.screens.tasks import TasksScreen
from cortensor_tui.dashboard.widgets.line_table import RowTable
from cortensor_tui.node.messages import StatusChanged

from . import samples
from .conftest import live, shown, until
from .past import answer_history
from .scripted_node import ScriptedNode

SMALL = (80, 24)


def is_at(app: Dashboard, name: str) -> bool:
    return isinstance(app.screen, PlaceScreen) and name == app.screen.PLACE and app.screen.is_mounted


async def test_each_digit_shows_its_place_under_the_verdict(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        for place in reversed(PLACES):
            await pilot.press(place.key.split(",")[0])
            await until(pilot, lambda name=place.name: is_at(app, name))  # type: ignore[misc]
            await until(pilot, lambda: "● SERVING" in shown(app, "#verdict"))
            assert shown(app, "#verdict").startswith(f" {place.title} ")


async def test_a_place_is_as_it_was_left(app: Dashboard, node: ScriptedNode) -> None:
    answer_history(node)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("t")
        await until(pilot, lambda: is_at(app, "tasks"))
        await until(pilot, lambda: "8/2" in shown(app, "#tasks"))
        await pilot.press("j")
        chosen = app.screen.query_one(RowTable).current
        assert chosen is not None
        await pilot.press("escape")
        await until(pilot, lambda: is_at(app, "dashboard"))
        await pilot.press("3")
        await until(pilot, lambda: is_at(app, "tasks"))
        assert app.screen.query_one(RowTable).current == chosen


async def test_a_form_waits_where_it_was_opened(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n", *"quay")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        app.go_to("tasks")
        await until(pilot, lambda: isinstance(app.screen, TasksScreen))
        app.go_to("dashboard")
        await until(pilot, lambda: isinstance(app.screen, NewSessionScreen))
        assert app.screen.query_one("#name").value == "quay"  # type: ignore[attr-defined]


async def test_what_happened_elsewhere_is_shown_on_return(node: ScriptedNode, app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("4")
        await until(pilot, lambda: is_at(app, "transactions"))
        await node.change(StatusChanged(samples.blocked()))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        await pilot.press("1")
        await until(pilot, lambda: is_at(app, "dashboard"))
        await until(pilot, lambda: "✖ BLOCKED" in shown(app, "#verdict"))
        assert "Send a little" in shown(app, "#verdict"), "the dashboard says also what to do"


def chosen_command(app: Dashboard) -> str:
    """Return what enter would do in the palette."""
    for options in app.screen.query(OptionList):
        if options.highlighted is not None:
            return str(options.get_option_at_index(options.highlighted).prompt)
    return ""


async def test_the_palette_goes_to_places(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("ctrl+p", *"Netw")
        await until(pilot, lambda: "Network" in chosen_command(app))
        await pilot.press("enter")
        await until(pilot, lambda: is_at(app, "network"))


async def test_the_keys_of_every_place_fit_80x24(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        for place in PLACES:
            app.go_to(place.name)
            await until(pilot, lambda name=place.name: is_at(app, name))  # type: ignore[misc]
            await pilot.press("question_mark")
            await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.is_whole)
            await until(pilot, lambda: "Everywhere" in shown(app, "#panel TextLines"))
            assert "…" not in shown(app, "#panel TextLines")
            assert app.screen.query_one("#panel").max_scroll_y == 0
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, PlaceScreen))


async def test_every_place_says_what_is_wrong_before_the_first_word(node: ScriptedNode) -> None:
    await node.stop()
    app = Dashboard(node.connect, start_node=node.start, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "UNREACHABLE" in shown(app, "#verdict"))
        for place in PLACES:
            app.go_to(place.name)
            await until(pilot, lambda name=place.name: is_at(app, name))  # type: ignore[misc]
            screen = app.screen
            assert isinstance(screen, PlaceScreen)
            if screen.NEEDS_NODE:
                await until(pilot, lambda: "Press o to start a node" in shown(app, "#waiting"))


def test_the_first_place_is_the_dashboard() -> None:
    assert isinstance(PLACES[0].load(), OverviewScreen)
    assert [place.key[0] for place in PLACES] == sorted(place.key[0] for place in PLACES)
