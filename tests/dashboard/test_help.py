"""The help of the screen at hand: made of its bindings, all of them in reach at 80x24."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.places import PLACES, Place
from cortensor_tui.dashboard.screens.help import HelpScreen, key_entries

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode
from .test_places import is_at

SMALL = (80, 24)


async def helped(pilot: Pilot[None], key: str = "question_mark") -> Dashboard:
    """Open the help and wait until it is drawn."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await pilot.press(key)
    await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.is_whole)
    await until(pilot, lambda: "Everywhere" in shown(app, "#panel TextLines"))
    return app


def seen(app: Dashboard) -> str:
    """Return what of the keys is in sight."""
    panel = app.screen.query_one("#panel")
    lines = shown(app, "#panel TextLines").split("\n")
    return "\n".join(lines[int(panel.scroll_y) :][: panel.content_size.height])


@pytest.mark.parametrize("size", [SMALL, (160, 48)], ids=["80x24", "160x48"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
async def test_every_key_of_every_place_is_in_reach(
    app: Dashboard, place: Place, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await live(pilot)
        app.go_to(place.name)
        await until(pilot, lambda: is_at(app, place.name))
        entries = key_entries(app.screen)
        await helped(pilot)
        told = seen(app)
        panel = app.screen.query_one("#panel")
        if panel.max_scroll_y:
            assert "j/k scroll" in str(panel.border_subtitle)
            while panel.scroll_y < panel.max_scroll_y:
                await pilot.press("j")
                told += "\n" + seen(app)
        for entry in entries:
            assert entry.does.split(" ")[0] in told, entry
        await pilot.press("x")
        await until(pilot, lambda: is_at(app, place.name))


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_it_helps_over_a_box_too(app: Dashboard, key: str) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("i")
        await until(pilot, lambda: bool(app.screen.query("#document")))
        await helped(pilot, key)
        assert "Close this and go back" in seen(app)


async def test_in_a_field_a_question_mark_is_text_and_f1_helps(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: bool(app.screen.query("#name")))
        await pilot.press("question_mark")
        assert not isinstance(app.screen, HelpScreen)
        await helped(pilot, "f1")
        assert "Send the form" in seen(app)


async def test_other_names_of_keys_are_shown(app: Dashboard) -> None:
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await helped(pilot)
        assert " ? f1 " in seen(app)
        assert " q " in seen(app)
        assert "f10" not in seen(app)
        assert "*" not in shown(app, "#panel TextLines")


async def test_keys_of_the_file_are_marked_as_such(node: ScriptedNode, tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('app.quit = "Q"\napp.help = ["question_mark", "f1"]\n')
    app = Dashboard(node.connect, options=Options(folder=tmp_path), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await helped(pilot)
        assert " Q * " in seen(app)
        assert " ? f1   " in seen(app), "it is what it always was"
        assert "* yours, from keys.toml" in str(app.screen.query_one("#panel").border_subtitle)
