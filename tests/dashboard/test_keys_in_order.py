"""Keys that come in one read act as if they were typed one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from textual._compositor import ChopsUpdate
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.exact_update import ExactCompositor
from cortensor_tui.dashboard.screens.place import PlaceScreen
from cortensor_tui.dashboard.widgets.line_table import LineTable

from .conftest import LIMIT_S, live, until
from .past import answer_history
from .scripted_node import ScriptedNode


def type_at_once(app: Dashboard, keys: Iterable[str]) -> None:
    """Give all keys before the app can do anything for the first."""
    names = {"/": "slash", ":": "colon"}
    for key in keys:
        app.post_message(Key(names.get(key, key), key if len(key) == 1 else None))


@pytest.mark.parametrize("place", ["2", "3", "4", "6", "7"])
@pytest.mark.parametrize("words", ["missed", "p:o", "unax"])
async def test_a_filter_typed_at_once_with_its_place(
    node: ScriptedNode, app: Dashboard, place: str, words: str
) -> None:
    answer_history(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        type_at_once(app, (place, "/", *words))
        await until_written(pilot, words)
        assert isinstance(app.screen, PlaceScreen)
        assert app.screen.PLACE != "dashboard"


async def test_fields_typed_at_once(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        type_at_once(app, ("n", *"abc", "tab", *"def"))
        await until_written(pilot, "def")
        assert [field.value for field in app.screen.query(Input)][:2] == ["abc", "def"]


async def until_written(pilot: Pilot[None], words: str) -> None:
    """Wait for a field with the focus that has these words and nothing else."""

    def is_written() -> bool:
        focused = pilot.app.focused
        return isinstance(focused, Input) and focused.value == words

    await until(pilot, is_written)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> asyncio.Queue[set[int]]:
    """Return what is drawn from now on, each time the rows."""
    found: asyncio.Queue[set[int]] = asyncio.Queue()
    render = ExactCompositor.render_partial_update

    def noted(compositor: ExactCompositor) -> ChopsUpdate | None:
        found.put_nowait({region.y for region in compositor._dirty_regions})
        return render(compositor)

    monkeypatch.setattr(ExactCompositor, "render_partial_update", noted)
    return found


async def test_what_a_key_did_is_drawn_before_the_next_frame(
    app: Dashboard, drawn: asyncio.Queue[set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        sessions = await without_frames(pilot, drawn, monkeypatch)

        type_at_once(app, "j")

        first_row = sessions.region.y + 1  # below the header
        assert await asyncio.wait_for(drawn.get(), LIMIT_S) == {first_row, first_row + 1}


async def test_of_keys_typed_at_once_only_what_the_last_one_left_is_drawn(
    app: Dashboard, drawn: asyncio.Queue[set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        sessions = await without_frames(pilot, drawn, monkeypatch)

        type_at_once(app, "jkjk")

        await asyncio.wait_for(drawn.get(), LIMIT_S)
        assert sessions.current == sessions.row_at(0)
        assert drawn.empty()


async def without_frames(
    pilot: Pilot[None], drawn: asyncio.Queue[set[int]], monkeypatch: pytest.MonkeyPatch
) -> LineTable:
    """Return the list of sessions, on a screen that is drawn whole and has no frames from now on."""
    await live(pilot)
    screen = pilot.app.screen
    sessions = screen.query_one("#sessions", LineTable)
    await until(pilot, lambda: sessions.row_count > 1 and not screen._dirty_widgets)
    monkeypatch.setattr(screen._update_timer, "resume", lambda: None)
    screen._update_timer.pause()
    while not drawn.empty():
        drawn.get_nowait()
    return sessions
