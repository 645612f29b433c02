"""A report with a cursor: it stops where something can be copied or opened, and passes over nothing."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from cortensor_tui.dashboard.cells import Line, Span
from cortensor_tui.dashboard.stops import ReportLine, Stop, stop_at
from cortensor_tui.dashboard.widgets.report import Report

from .conftest import text_of

HEIGHT = 6


class Bare(App[None]):
    """One report and nothing else; `lines` may be changed while it is looked at."""

    def __init__(self, lines: list[ReportLine]) -> None:
        super().__init__()
        self.lines = lines
        self.opened: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"cursor": "#2f4f6f"}

    def compose(self) -> ComposeResult:
        yield Report(lambda _: self.lines, id="report")

    def on_mount(self) -> None:
        self.query_one(Report).focus()

    def on_report_opened(self, event: Report.Opened) -> None:
        self.opened.append(event.opens)

    @property
    def report(self) -> Report:
        return self.query_one(Report)


def made(stops: list[bool]) -> list[ReportLine]:
    """Return numbered lines, those marked as stops."""
    lines: list[Line] = [(Span(f"line {at}"),) for at in range(len(stops))]
    return [
        Stop(lines[at], f"value {at}", str(at), f"opens {at}") if is_stop else lines[at]
        for at, is_stop in enumerate(stops)
    ]


def shown(app: Bare) -> list[int]:
    return [int(row.split()[1]) for row in text_of(app.report).split("\n") if row.strip()]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=25))
def test_stepping_down_shows_every_line_and_stops_at_every_stop_once(stops: list[bool]) -> None:
    async def walk() -> None:
        app = Bare(made(stops))
        async with app.run_test(size=(30, HEIGHT)) as pilot:
            seen, visited = set(shown(app)), list[str]()
            for _ in range(2 * len(stops) + 2):
                current = app.report.current
                if current is not None and current.copy not in visited[-1:]:
                    visited.append(current.copy)
                await pilot.press("j")
                seen |= set(shown(app))
            assert seen == set(range(len(stops)))
            assert visited == [str(at) for at, is_stop in enumerate(stops) if is_stop]
            for _ in range(2 * len(stops) + 2):
                await pilot.press("k")
            assert shown(app)[0] == 0

    asyncio.run(walk())


async def test_the_ends_a_page_and_enter() -> None:
    app = Bare(made([at % 5 == 3 for at in range(40)]))
    async with app.run_test(size=(30, HEIGHT)) as pilot:
        await pilot.press("G", "enter")
        assert shown(app)[-1] == 39
        await pilot.press("g", "enter", "pagedown", "enter")
        assert app.opened == ["opens 38", "opens 3", "opens 8"]


async def test_a_click_puts_the_cursor_on_a_stop_and_a_second_opens_it() -> None:
    app = Bare(made([at % 5 == 3 for at in range(40)]))
    async with app.run_test(size=(30, HEIGHT)) as pilot:
        await pilot.press("pagedown")
        await pilot.click(Report, offset=(2, 3))  # the page begins with line 5
        assert app.report.current is not None
        assert app.report.current.copy == "8"
        await pilot.click(Report, offset=(2, 1))
        assert app.report.current.copy == "8", "nothing is there"
        await pilot.double_click(Report, offset=(2, 3))
        assert app.opened == ["opens 8"]


async def test_a_cursor_that_was_moved_stays_on_its_value_when_lines_come_before_it() -> None:
    app = Bare(made([True] * 4))
    async with app.run_test(size=(30, HEIGHT)) as pilot:
        app.lines = [Stop((Span("line 9"),), "value 9", "9"), *app.lines]
        app.report.redraw()
        assert app.report.current is not None
        assert app.report.current.copy == "9", "nobody has moved it yet"
        await pilot.press("j", "j")
        assert app.report.current.copy == "1"
        app.lines = [Stop((Span("line 8"),), "value 8", "8"), *app.lines]
        app.report.redraw()
        assert app.report.current.copy == "1"


def test_there_is_no_stop_where_nothing_can_be_copied_or_opened() -> None:
    assert stop_at([(Span("–"),)], "hash") == [(Span("–"),)]
    assert stop_at([], "hash", "0x1") == []
