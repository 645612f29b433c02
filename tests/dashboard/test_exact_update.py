"""A changed cell costs itself, not the row before it."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen

from cortensor_tui.dashboard.cells import Line, line
from cortensor_tui.dashboard.exact_update import ExactCompositor, ExactUpdate
from cortensor_tui.dashboard.widgets.text_lines import TextLines

WIDTH = 40


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

        assert isinstance(update, ExactUpdate)
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
        whole = screen._compositor.render_full_update()
        chops = screen._compositor._render_chops(screen.size.region, lambda _: True)
        ends = [cuts[1:] for cuts in screen._compositor.cuts]

        across = ExactUpdate(chops, [(0, WIDTH - 3, WIDTH + 4)], ends).render_segments(app.console)

        assert whole is not None
        assert f"\x1b[1;{WIDTH - 2}H" in across
        assert f"\x1b[1;{WIDTH + 1}H" in across
        assert "befo" in across
        assert "before" not in across
