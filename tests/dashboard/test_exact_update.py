"""A changed cell costs itself, not the row before it."""

from __future__ import annotations

import asyncio
from functools import partial

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.exact_update import ExactCompositor
from cortensor_tui.dashboard.widgets.text_lines import TextLines

WIDTH = 40
BOXES = ("one", "two", "three", "four", "above")


class Bare(App[None]):
    """An application with the roles that our widgets use."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"muted": "#888888", "rule": "#444444", "cursor": "#2f4f6f"}


class Pair(Screen[None]):
    """Two widgets side by side; the right one has `said` in its middle."""

    CSS = "TextLines { width: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ExactCompositor()
        self.said = "one"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield TextLines(lambda _: [line("left " * 8)])
            yield TextLines(self._right, id="right")

    def _right(self, _: int) -> list[Line]:
        return [line(("before ", "muted"), (self.said, "good"), (" after", "muted"))]


async def test_an_update_sends_only_the_cells_that_changed() -> None:
    app = Bare()
    async with app.run_test(size=(2 * WIDTH, 4)) as pilot:
        screen = Pair()
        await app.push_screen(screen)
        await pilot.pause()
        screen.said = "two"
        right = screen.query_one("#right", TextLines)
        right.redraw()
        screen._compositor.update_widgets({right})

        update = screen._compositor.render_partial_update()

        assert update is not None
        sent = update.render_segments(app.console)
        assert f"\x1b[1;{WIDTH + len('before ') + 1}H" in sent
        assert "two" in sent
        assert "before" not in sent
        assert "after" not in sent


async def test_what_is_sent_of_several_spans_is_each_at_its_place() -> None:
    app = Bare()
    async with app.run_test(size=(2 * WIDTH, 4)) as pilot:
        screen = Pair()
        await app.push_screen(screen)
        await pilot.pause()
        screen._compositor._dirty_regions = {Region(WIDTH - 3, 0, 7, 1)}

        update = screen._compositor.render_partial_update()

        assert update is not None
        across = update.render_segments(app.console)
        assert f"\x1b[1;{WIDTH - 2}H" in across
        assert f"\x1b[1;{WIDTH + 1}H" in across
        assert "befo" in across
        assert "before" not in across


async def test_only_what_is_seen_of_the_changed_cells_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Bare()
    async with app.run_test(size=(2 * WIDTH, 4)) as pilot:
        screen = Pair()
        await app.push_screen(screen)
        await pilot.pause()
        drawn: list[tuple[Widget, int]] = []
        render_lines = Widget.render_lines

        def noted(widget: Widget, crop: Region) -> list[Strip]:
            drawn.append((widget, crop.height))
            return render_lines(widget, crop)

        monkeypatch.setattr(Widget, "render_lines", noted)
        screen.said = "two"
        right = screen.query_one("#right", TextLines)
        right.redraw()
        screen._compositor.update_widgets({right})

        screen._compositor.render_partial_update()

        assert drawn == [(right, 1)], "neither what it covers nor what stands beside it"


class Boxes(Screen[None]):
    """Widgets of several lines side by side, each line with a word of its own, and one that covers parts."""

    CSS = """
    Boxes { layers: default top; }
    Horizontal { height: 6; padding: 1; border: round white; }
    TextLines { width: 1fr; height: 1fr; }
    #above { layer: top; offset: 8 2; width: 22; height: 3; background: blue; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ExactCompositor()
        self.words = {name: ["old"] * 4 for name in BOXES}

    def compose(self) -> ComposeResult:
        for row in (BOXES[:2], BOXES[2:4]):
            with Horizontal():
                for name in row:
                    yield TextLines(partial(self._lines, name), id=name)
        yield TextLines(partial(self._lines, "above"), id="above")

    def _lines(self, name: str, _: int) -> list[Line]:
        return [line((f"{name} ", "muted"), (word, "good"), " end") for word in self.words[name]]


@given(
    changes=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from(BOXES), st.integers(0, 3), st.sampled_from(["a", "old", "longer", "日本"])
            ),
            min_size=1,
            max_size=4,
        ),
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None)
def test_updates_one_after_the_other_give_the_picture_that_is_drawn_at_once(
    changes: list[list[tuple[str, int, str]]],
) -> None:
    asyncio.run(_updates_give_the_whole_picture(changes))


async def _updates_give_the_whole_picture(changes: list[list[tuple[str, int, str]]]) -> None:
    app = Bare()
    async with app.run_test(size=(WIDTH, 14)) as pilot:
        screen = Boxes()
        await app.push_screen(screen)
        await pilot.pause()
        terminal = _terminal()
        _draw(terminal, app, screen._compositor.render_full_update())
        for several in changes:
            for name, row, word in several:
                screen.words[name][row] = word
            widgets = {screen.query_one(f"#{name}", TextLines) for name, _, _ in several}
            for widget in widgets:
                widget.redraw()
            screen._compositor.update_widgets({*widgets})
            _draw(terminal, app, screen._compositor.render_partial_update())
        at_once = _terminal()
        _draw(at_once, app, screen._compositor.render_full_update())
        assert terminal.display == at_once.display


def _terminal() -> pyte.Screen:
    return pyte.Screen(WIDTH, 14)


def _draw(terminal: pyte.Screen, app: App[None], update: CompositorUpdate | None) -> None:
    if update is not None:
        pyte.Stream(terminal).feed(update.render_segments(app.console))
