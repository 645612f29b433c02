"""Keys that come in one read act as if they were typed one after the other."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.place import PlaceScreen

from .conftest import live, until
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
