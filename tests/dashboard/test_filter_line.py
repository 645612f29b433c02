"""The line in which a filter is typed."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input

from cortensor_tui.dashboard.widgets.filter_line import REFUSED, FilterLine
from cortensor_tui.domain.task_filter_text import parse

from .conftest import text_of, until


class Filtered(App[None]):
    """Nothing but the line, and what it told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"muted": "#888888", "rule": "#444444", "cursor": "#224466"}

    def compose(self) -> ComposeResult:
        yield FilterLine(parse, "stage:ended age<1h")

    def on_mount(self) -> None:
        self.query_one(FilterLine).open()

    def on_filter_line_wanted(self, message: FilterLine.Wanted) -> None:
        self.told.append(message.text)

    def on_filter_line_left(self) -> None:
        self.told.append("left")

    @property
    def mistake(self) -> str:
        return " ".join(text_of(self.query("FilterLine > TextLines").first()).split())


async def test_a_pause_in_typing_is_enough() -> None:
    app = Filtered()
    async with app.run_test() as pilot:
        await pilot.press(*"missed")
        await until(pilot, lambda: app.told == ["missed"])
        assert app.query_one(FilterLine).text == "missed"


async def test_enter_keeps_the_filter_at_once_and_gives_the_focus_back() -> None:
    app = Filtered()
    async with app.run_test() as pilot:
        await pilot.press(*"open", "enter")
        await pilot.pause()
        assert app.told == ["open", "left"]
        assert app.query_one(FilterLine).display


async def test_escape_clears_and_leaves() -> None:
    app = Filtered()
    async with app.run_test() as pilot:
        await pilot.press(*"open", "enter", "escape")
        await pilot.pause()
        assert app.told == ["open", "left", "", "left"]
        assert not app.query_one(FilterLine).display


async def test_a_mistake_is_shown_as_typed_and_the_last_good_filter_holds_on() -> None:
    app = Filtered()
    async with app.run_test() as pilot:
        await pilot.press(*"open ")
        await until(pilot, lambda: app.told == ["open"])
        await pilot.press(*"stage:x", "enter")
        await until(
            pilot, lambda: app.mistake.startswith(f"✖ {REFUSED}. There is no stage x, at character 12.")
        )
        assert app.told == ["open"], "a mistake is neither applied nor kept"
        await pilot.press("backspace", "y")
        await until(pilot, lambda: app.mistake.startswith("✖ There is no stage y, at character 12."))
        await pilot.press("backspace", "a")
        await until(pilot, lambda: app.told == ["open", "open stage:a"])
        assert app.mistake == ""


async def test_the_cursor_does_not_blink() -> None:
    app = Filtered()
    async with app.run_test():
        assert not app.query_one(Input).cursor_blink
