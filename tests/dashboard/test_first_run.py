"""Place 8: what it begins with where there are no settings, and what works without a node."""

from __future__ import annotations

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.setup import DemoWanted
from cortensor_tui.dashboard.widgets.line_table import LineTable

from .at_setup import app, at_menu, setup
from .conftest import shown, until

__all__ = ["app", "setup"]


async def test_without_settings_it_begins_with_the_menu(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        for words in ("Watch the demo", "Use a settings file", "Watch an address", "Set up a node"):
            assert words in shown(app, "#menu")
        await until(pilot, lambda: "NO NODE YET" in shown(app, "#verdict"))


async def test_the_menu_shows_its_cursor_from_the_first_moment(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "menu")
        menu = app.screen.query_one("#menu")
        first, last = ({one.style.bgcolor for one in menu.render_line(y) if one.style} for y in (1, 4))
        assert first != last


async def test_no_place_misses_a_node_that_never_was(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        for place in "1234567":
            await pilot.press(place)
            await until(pilot, lambda: "NO NODE YET" in shown(app, "#verdict"))
            assert "since" not in shown(app, "#verdict")
            assert "trying again" not in shown(app, "#verdict")
            await until(pilot, lambda: "There is no node to show yet" in shown(app, "#waiting"))


async def test_the_line_of_keys_names_only_what_works_without_a_node(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await until(pilot, lambda: "esc Back" in shown(app, "KeyBar"))
        for words in ("Assign", "Unbind", "New session", "Prompt", "Next"):
            assert words not in shown(app, "KeyBar")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "f10 Next" in shown(app, "KeyBar"))
        await pilot.press("escape", "1")
        await until(pilot, lambda: "Tasks" in shown(app, "KeyBar"))
        assert "Assign" not in shown(app, "KeyBar")


async def test_the_help_names_only_what_works_without_a_node(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "menu")
        await pilot.press("question_mark")
        await until(pilot, lambda: "Everywhere" in shown(app, "#panel TextLines"))
        told = shown(app, "#panel TextLines")
        for words in ("One step back", "Leave the dashboard", "Sessions", "Logs"):
            assert words in told
        for words in (
            "Bind",
            "Unbind",
            "Create",
            "Submit",
            "Copy",
            "private",
            "Start a node",
            "The next step",
        ):
            assert words not in told
        await pilot.press("escape", "3", "question_mark")
        await until(pilot, lambda: "What needed you" in shown(app, "#panel TextLines"))
        assert "Submit a prompt" not in shown(app, "#panel TextLines")


async def test_the_menu_keeps_the_chosen_row(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in (("j", "j", "j", "enter"), ("enter",)):
            await at_menu(app, pilot)
            await until(pilot, lambda: app.focused is not None and app.focused.id == "menu")
            await pilot.press(*keys)
            await until(pilot, lambda: bool(app.screen.query("#choice")))
            await pilot.press("escape")
        await at_menu(app, pilot)
        menu = app.screen.query_one("#menu", LineTable)
        assert menu.current is not None
        assert "Set up a node" in str(menu.current)
    assert app.outcome is None


async def test_the_demo_is_one_key_away(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("enter")
    assert app.outcome == DemoWanted()
