"""The key file: other keys for everything, and a sentence with the line for what is wrong in it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.key_catalogue import all_bindings, keys_file_text
from cortensor_tui.dashboard.key_file import load_keys
from cortensor_tui.dashboard.key_names import KEYS_FILE_NAME, shown_key
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.screens.help import HelpScreen
from cortensor_tui.dashboard.screens.notices import NoticesScreen
from cortensor_tui.dashboard.sendable_keys import nearest, sendable
from cortensor_tui.dashboard.widgets.key_bar import KeyBar

from . import samples
from .conftest import live, shown, text_of, until
from .scripted_node import ScriptedNode
from .test_places import is_at

SMALL = (80, 24)
KNOWN = all_bindings(Dashboard)


def written(folder: Path, text: str) -> Path:
    path = folder / KEYS_FILE_NAME
    path.write_text(text)
    return path


async def test_keys_are_those_of_the_file_in_bar_and_help_too(node: ScriptedNode, tmp_path: Path) -> None:
    written(tmp_path, 'place.network = "N"\ntable.down = ["down", "ctrl+n"]\napp.help = "f2"\n')
    app = Dashboard(node.connect, options=Options(folder=tmp_path), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await until(pilot, lambda: " f2 Help" in text_of(app.screen.query_one(KeyBar)))
        await pilot.press("5")
        await pilot.pause()
        assert is_at(app, "dashboard"), "the key that was taken away does nothing"
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.is_whole)
        await until(pilot, lambda: "↓ ctrl+n" in shown(app, "#panel TextLines"))
        await pilot.press("escape", "N")
        await until(pilot, lambda: is_at(app, "network"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('# mine\n\napp.hlep = "x"', "keys.toml:3: there is no binding app.hlep; perhaps app.help was meant"),
        ('[app]\nhelp = ""', "keys.toml:2: app.help: no terminal sends the key ''"),
        ("[app]\nquit = []", "keys.toml:2: app.quit takes a key"),
        ("app.quit = false", "keys.toml:1: app.quit takes a key"),
        (
            'app.help = "ctrl+enterr"',
            "keys.toml:1: app.help: no terminal sends the key 'ctrl+enterr'; perhaps ctrl+enter was",
        ),
        (
            '\napp.quit = ["q", "ctrl+banana"]',
            "keys.toml:2: app.quit: no terminal sends the key 'ctrl+banana'",
        ),
        ('app.quit = "banana"', "keys.toml:1: app.quit: no terminal sends the key 'banana'"),
        ('app.quit = "\\U0001F34C"', "keys.toml:1: app.quit: no terminal sends the key '\N{BANANA}'"),
        ('\napp.refresh = "j"', "keys.toml:2: app.refresh: j is the key of"),
        ('app.refresh = "q"', "keys.toml:1: app.refresh: q is the key of app.quit"),
        ("app.quit =", "keys.toml:1:"),
        ("\n\n[app", "keys.toml:3:"),
        ('app.quit = "\x00"', "keys.toml:1:"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_left_out(tmp_path: Path, text: str, fault: str) -> None:
    choice = load_keys(written(tmp_path, text), KNOWN)
    assert choice.faults[0].startswith(fault)
    assert not choice.keymap


@pytest.mark.parametrize(
    ("written_key", "name"),
    [
        ("x", "x"),
        ("X", "X"),
        ("?", "question_mark"),
        ("+", "plus"),
        ("comma", "comma"),
        ("ö", "ö"),
        ("я", "я"),
        ("ctrl++", "ctrl+plus"),
        ("ctrl+x", "ctrl+x"),
        ("alt+x", "alt+x"),
        ("alt+shift+x", "alt+shift+x"),
        ("shift+ctrl+left", "ctrl+shift+left"),
        ("shift+tab", "shift+tab"),
        ("ctrl+space", "ctrl+space"),
        ("ctrl+@", "ctrl+@"),
        ("f24", "f24"),
    ],
)
def test_a_key_that_terminals_send_goes_by_the_name_in_which_it_comes(written_key: str, name: str) -> None:
    assert sendable(written_key) == name


@pytest.mark.parametrize(
    ("written_key", "meant"),
    [
        ("esc", "escape"),
        ("return", "enter"),
        ("PgDn", "pagedown"),
        ("F5", "f5"),
        (" ", "space"),
        (",", "comma"),
        ("solidus", "slash"),
        ("questionmark", "question_mark"),
        ("ctrl+X", "ctrl+x"),
        ("contrl+x", "ctrl+x"),
        ("C-x", "ctrl+x"),
        ("shift+x", "X"),
        ("ctrl+m", "enter"),
        ("ctrl+[", "escape"),
        ("ctrl+esc", "ctrl+escape"),
        ("super+x", ""),
        ("ctrl+ctrl+x", "ctrl+x"),
        ("ctrl+", ""),
        ("ctrl+banana", ""),
        ("漢", ""),
        ("\N{COMBINING ACUTE ACCENT}", ""),
    ],
)
def test_what_no_terminal_sends_is_refused_with_what_was_meant(written_key: str, meant: str) -> None:
    assert sendable(written_key) is None
    assert nearest(written_key) == meant
    assert not meant or sendable(meant) == meant


def test_every_key_that_is_bound_comes_from_a_terminal() -> None:
    assert [key for bound in KNOWN.values() for key in bound.keys if sendable(key) != key] == []


@given(st.text(max_size=12) | st.from_regex(r"((ctrl|alt|shift)\+){0,3}\w*", fullmatch=True))
def test_whatever_is_written_is_taken_once_and_shown_without_pictures(text: str) -> None:
    name = sendable(text)
    assert name is None or sendable(name) == name
    assert name is None or all(cell_len(one) == 1 for one in shown_key(name))
    assert sendable(nearest(text)) is not None or not nearest(text)


def test_a_name_of_a_picture_is_no_picture() -> None:
    assert shown_key("ctrl+banana") == "ctrl+banana"


def test_what_is_right_holds_beside_a_mistake(tmp_path: Path) -> None:
    choice = load_keys(written(tmp_path, 'app.copy = "f7"\napp.nonsense = "x"\napp.quit = "Q"'), KNOWN)
    assert choice.keymap == {"app.copy": "f7", "app.quit": "Q"}
    assert len(choice.faults) == 1


def test_two_may_change_places(tmp_path: Path) -> None:
    choice = load_keys(written(tmp_path, 'app.help = "q"\napp.quit = "?"'), KNOWN)
    assert choice.faults == ()


def test_a_clash_made_by_the_file_itself_is_said(tmp_path: Path) -> None:
    choice = load_keys(written(tmp_path, 'app.copy = "c"\napp.refresh = "c"'), KNOWN)
    assert any("keys.toml:1: app.copy: c is the key of app.refresh" in fault for fault in choice.faults)


def test_the_file_that_is_offered_is_the_defaults(tmp_path: Path) -> None:
    lines = keys_file_text(Dashboard).splitlines()
    text = "\n".join(line.removeprefix("# ") for line in lines if " = [" in line)
    choice = load_keys(written(tmp_path, text), KNOWN)
    assert choice.faults == ()
    assert {name: tuple(keys.split(",")) for name, keys in choice.keymap.items()} == {
        name: bound.keys for name, bound in KNOWN.items()
    }


def test_no_class_has_one_key_for_two_things() -> None:
    """A widget's key may hide the screen's, as enter in a list does; two in one class would be a mistake."""
    for one, other in itertools.combinations(KNOWN.values(), 2):
        if set(one.owners) & set(other.owners):
            assert not set(one.keys) & set(other.keys), (one, other)


SHARED = {
    "Y": {"copy_whole", "copy_calldata"},
    "exclamation_mark": {"notices", "back"},
    "f": {"freeze", "follow"},
    "r": {"refresh", "read", "read_again"},
    "space": {"freeze", "follow", "page_down"},
    "w": {"why", "back"},
}
"""Keys with two names for what hands take for one: the box that a key opened is closed by it, and so on."""


def test_one_key_means_one_thing_wherever_one_is() -> None:
    means: dict[str, set[str]] = {}
    for one in KNOWN.values():
        for key in one.keys:
            means.setdefault(key, set()).add(one.binding_id.split(".")[1])
    letters = {key: found for key, found in means.items() if shown_key(key) == key and len(key) == 1}
    assert {key: found for key, found in letters.items() if len(found) > 1} == {
        key: found for key, found in SHARED.items() if key in letters
    }
    assert all(means[key] == found for key, found in SHARED.items())


def test_the_command_prints_that_file(capsys: pytest.CaptureFixture[str]) -> None:
    from cortensor_tui.cli.config import bindings

    assert bindings() == 0
    assert capsys.readouterr().out == keys_file_text(Dashboard)


async def notices(pilot: Pilot[None]) -> str:
    """Return the list of notices as it is shown, and close it."""
    app = pilot.app
    assert isinstance(app, Dashboard)
    await pilot.press("exclamation_mark")
    await until(pilot, lambda: isinstance(app.screen, NoticesScreen) and app.screen.is_whole)
    await pilot.pause()
    told = " ".join(shown(app, "#document").split())
    await pilot.press("exclamation_mark")
    await until(pilot, lambda: not isinstance(app.screen, NoticesScreen))
    return told


async def test_mistakes_are_notices_line_by_line_until_they_are_mended(
    node: ScriptedNode, tmp_path: Path
) -> None:
    path = written(tmp_path, 'app.copy = "f7"\napp.nonsense = "x"\napp.refresh = "f7"\napp.quit = []\n')
    app = Dashboard(node.connect, options=Options(folder=tmp_path), now=lambda: samples.NOW)
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        assert "▲ Keys: keys.toml:1: app.copy" in shown(app, "KeyBar")
        assert "and 3 more" in shown(app, "KeyBar")
        told = await notices(pilot)
        places = [told.index(f" keys.toml:{number}:") for number in (1, 2, 3, 4)]
        assert places == sorted(places)
        path.write_text('app.copy = "f7"\n')
        app.action_reload_keys()
        await until(pilot, lambda: "The keys are those of the file now" in shown(app, "KeyBar"))
        assert "over since" in await notices(pilot)
        await pilot.press("tab", "f7")
        await until(pilot, lambda: "Copied the hash" in shown(app, "KeyBar"))


async def test_a_file_that_cannot_be_read_leaves_the_keys_and_says_so(
    node: ScriptedNode, tmp_path: Path
) -> None:
    path = written(tmp_path, 'app.help = "f2"\n\napp.quit = Q\n')
    app = Dashboard(node.connect, options=Options(folder=tmp_path), now=lambda: samples.NOW)
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        assert "▲ Keys: keys.toml:3: " in shown(app, "KeyBar")
        assert "the default keys hold" in await notices(pilot)
        path.write_text('app.help = "f2"\n')
        app.action_reload_keys()
        path.write_text("[app\n")
        app.action_reload_keys()
        await until(pilot, lambda: "▲ Keys: keys.toml:1: " in shown(app, "KeyBar"))
        assert "the keys stay as they were" in await notices(pilot)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("x")
        path.unlink()
        app.action_reload_keys()
        await until(pilot, lambda: "There is none: the default keys hold" in shown(app, "KeyBar"))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))


async def test_where_there_is_no_folder_reloading_the_keys_says_so(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, now=lambda: samples.NOW)
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        app.action_reload_keys()
        await until(pilot, lambda: "no folder of its own" in shown(app, "KeyBar"))
