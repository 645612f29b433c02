"""Themes: files checked by line, states that stay apart, and a preview."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.widgets import Input, OptionList, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.choices import FILE_NAME, Choices, load_choices
from cortensor_tui.dashboard.contrast import contrast
from cortensor_tui.dashboard.options import Options
from cortensor_tui.dashboard.plain_terminals import EightBitFilter, NoColorFilter, nearest_of_256
from cortensor_tui.dashboard.screens.theme import ThemeScreen
from cortensor_tui.dashboard.themes import load_theme, load_themes, read_theme, shipped_folder
from cortensor_tui.dashboard.toml_file import TomlFileError
from cortensor_tui.dashboard.widgets.looks import look
from cortensor_tui.node.messages import StatusChanged

from . import samples
from .conftest import live, shown, until
from .scripted_node import ScriptedNode

SMALL = (80, 24)
NAMES = ("colour-blind", "harbour", "harbour-light", "high-contrast", "terminal")
TRUE_COLOR = tuple(name for name in NAMES if name != "terminal")
BLACK = Color.parse("#000000")
# Viénot, Brettel and Mollon 1999, on linear RGB: what is left without the red or the green cones.
MISSING_CONES = {
    "red": ((0.11238, 0.88762, 0), (0.11238, 0.88762, 0), (0.00401, -0.00401, 1)),
    "green": ((0.29275, 0.70725, 0), (0.29275, 0.70725, 0), (-0.02234, 0.02234, 1)),
}


def seen(color: Color, missing: str) -> tuple[float, float, float]:
    linear = [(part / 255) ** 2.2 for part in color.rgb]
    left = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in MISSING_CONES[missing]]
    red, green, blue = (255 * max(0.0, part) ** (1 / 2.2) for part in left)
    return red, green, blue


def test_the_shipped_themes_can_be_read() -> None:
    themes, faults = load_themes([shipped_folder()])
    assert faults == []
    assert tuple(theme.name for theme in themes) == NAMES
    for path in shipped_folder().glob("*.toml"):
        assert path.read_text("utf-8").startswith("# "), "each says what it is for"


@pytest.mark.parametrize("name", TRUE_COLOR)
def test_everything_can_be_read_on_every_ground(name: str) -> None:
    theme, faults = read_theme(shipped_folder() / f"{name}.toml")
    assert faults == []
    texts = ("foreground", "success", "warning", "error", "accent")
    for ground in ("background", "surface", "panel"):
        paper = Color.parse(str(getattr(theme, ground)))
        for role in texts:
            assert contrast(Color.parse(str(getattr(theme, role))), paper) >= 4.5, (role, ground)
        assert contrast(Color.parse(theme.variables["muted"]), paper) >= 3, ground


@pytest.mark.parametrize("name", TRUE_COLOR)
def test_in_256_colors_grounds_stay_as_calm_and_texts_as_readable(name: str) -> None:
    theme = load_theme(shipped_folder() / f"{name}.toml")
    colors = vars(theme) | theme.variables

    def mapped(role: str) -> Color:
        return Color.from_rich_color(nearest_of_256(Color.parse(colors[role]).rich_color))

    def colorfulness(color: Color) -> int:
        return max(color.rgb) - min(color.rgb)

    for ground in ("background", "surface", "panel", "cursor", "rule"):
        assert colorfulness(mapped(ground)) <= colorfulness(Color.parse(colors[ground])) + 16, ground
    for role in ("success", "warning", "error", "accent"):
        assert contrast(mapped(role), mapped("panel")) >= 3.5, role
    assert contrast(mapped("foreground"), mapped("panel")) >= 4.5
    assert contrast(mapped("foreground"), mapped("cursor")) >= 4.5


def test_what_the_terminal_has_itself_is_left_to_it() -> None:
    own = Style.parse("red on default")
    [kept] = EightBitFilter().apply([Segment("x", own)], BLACK)
    assert kept.style == own
    [night] = EightBitFilter().apply([Segment("x", Style.parse("bold #cfd8e3 on #1b2835"))], BLACK)
    assert night.style == Style.parse("bold color(253) on color(235)")


@pytest.mark.parametrize(
    ("role", "color", "fault"),
    [
        ("muted", "#3a4450", "mine.toml:15: muted can hardly be read on cursor: contrast 1.2"),
        ("foreground", "#8a929c", "mine.toml:8: foreground can hardly be read on cursor: contrast 3.8"),
        ("error", "#7a2c30", "mine.toml:14: error can hardly be read on panel: contrast 1.6"),
    ],
)
async def test_a_theme_that_can_hardly_be_read_is_taken_with_a_warning(
    node: ScriptedNode, tmp_path: Path, role: str, color: str, fault: str
) -> None:
    (tmp_path / "themes").mkdir()
    text = (shipped_folder() / "harbour.toml").read_text()
    (tmp_path / "themes" / "mine.toml").write_text(re.sub(rf'{role} = "[^"]*"', f'{role} = "{color}"', text))
    app = Dashboard(node.connect, options=Options(theme="mine", folder=tmp_path), now=lambda: samples.NOW)
    async with app.run_test(size=(160, 48)) as pilot:
        await live(pilot)
        assert app.theme == "mine"
        assert f"▲ Themes: {fault}" in shown(app, "KeyBar")


def test_of_many_colors_that_can_hardly_be_read_the_worst_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = (shipped_folder() / "harbour.toml").read_text()
    for role, color in (("error", "#7a2c30"), ("foreground", "#8a929c"), ("muted", "#3a4450")):
        text = re.sub(rf'{role} = "[^"]*"', f'{role} = "{color}"', text)
    path.write_text(text)
    [fault] = read_theme(path)[1]
    assert fault.startswith("mine.toml:14: error can hardly be read on panel: contrast 1.6")
    assert fault.endswith("is needed; and 3 more like it")


@pytest.mark.parametrize("role", ["muted", "bad", "accent", "warn", "bar"])
async def test_the_row_under_the_cursor_can_be_read_whatever_colors_a_terminal_has(
    node: ScriptedNode, role: str
) -> None:
    app = Dashboard(node.connect, options=Options(theme="terminal"), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL):
        style = look(f"{role} cursor", Style(), app.theme_variables)
    assert style.reverse
    assert (style.color, style.bgcolor) == (None, None)


@pytest.mark.parametrize("name", NAMES)
async def test_the_place_to_type_at_stands_out(node: ScriptedNode, name: str) -> None:
    app = Dashboard(node.connect, options=Options(theme=name), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.focused, Input))
        style = app.focused.get_component_rich_style("input--cursor")  # type: ignore[union-attr]
    assert not style.reverse
    assert style.bgcolor is not None
    [without] = NoColorFilter().apply([Segment("x", style)], BLACK)
    assert without.style is not None
    assert without.style.reverse


async def test_a_choice_stands_out_in_a_list_whatever_colors_a_terminal_has(node: ScriptedNode) -> None:
    app = Dashboard(node.connect, options=Options(theme="terminal"), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        await pilot.press("n")
        await until(pilot, lambda: bool(app.screen.query(Select)))
        choice = app.screen.query_one(Select)
        choice.focus()
        await pilot.press("enter")
        await until(pilot, lambda: choice.expanded)
        overlay = choice.query_one(OptionList)
        await until(pilot, lambda: overlay.highlighted == 0 and overlay.region.height > 2)
        first, second = (overlay.render_line(y)._segments[-2:] for y in (0, 1))
        papers = [{one.style.bgcolor for one in line if one.style} for line in (first, second)]
    assert papers[0] != papers[1]


def test_what_colors_a_terminal_has_is_not_judged() -> None:
    assert read_theme(shipped_folder() / "terminal.toml")[1] == []


COLORS = st.builds(Color, *[st.integers(0, 255)] * 3)


@given(COLORS, COLORS)
def test_contrast_is_that_of_the_standard(one: Color, other: Color) -> None:
    ratio = contrast(one, other)
    assert 1 <= ratio <= 21.001
    assert ratio == contrast(other, one)
    assert contrast(one, one) == 1
    assert contrast(Color.parse("#000000"), Color.parse("#ffffff")) == pytest.approx(21)
    assert contrast(Color.parse("#767676"), Color.parse("#ffffff")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("missing", sorted(MISSING_CONES))
def test_states_stay_apart_without_red_or_green(missing: str) -> None:
    theme = load_theme(shipped_folder() / "colour-blind.toml")
    roles = ("success", "warning", "error")
    for one, other in itertools.combinations(roles, 2):
        pair = [seen(Color.parse(str(getattr(theme, role))), missing) for role in (one, other)]
        apart = sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5
        assert apart > 60, (one, other)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("#5fa8d3", "sea blue"), "mine.toml:5: primary = 'sea blue' is no color"),
        (("secondary", "secondery"), "mine.toml:6: secondery is no role"),
        (('accent = "#6cb6e0"\n', ""), "mine.toml:4: [colors] is missing accent"),
        (("dark = true", 'dark = "yes"'), "mine.toml:2: dark is true or false"),
        (("dark = true", "darc = true"), "mine.toml:2: darc is unknown"),
        (('"#0f1720"', '"#0f1720'), "mine.toml:9: "),
        (("[colors]", "[colours]"), "mine.toml: has no [colors]"),
    ],
)
def test_a_mistake_in_a_theme_is_said_with_its_line(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text((shipped_folder() / "harbour.toml").read_text().replace(*change))
    with pytest.raises(TomlFileError) as caught:
        load_theme(path)
    assert str(caught.value).startswith(fault)


async def test_a_theme_is_seen_while_choosing_and_kept_by_enter(node: ScriptedNode, tmp_path: Path) -> None:
    app = Dashboard(node.connect, options=Options(folder=tmp_path), now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        app.action_change_theme()
        await until(pilot, lambda: isinstance(app.screen, ThemeScreen) and app.screen.is_whole)
        assert "harbour-light" in shown(app, "#themes")
        await pilot.press("j")
        await until(pilot, lambda: app.theme == "harbour-light")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "harbour")
        assert not (tmp_path / FILE_NAME).exists(), "looking keeps nothing"
        app.action_change_theme()
        await until(pilot, lambda: isinstance(app.screen, ThemeScreen) and app.screen.is_whole)
        await pilot.press("k", "enter")
        await until(pilot, lambda: not isinstance(app.screen, ThemeScreen))
    assert load_choices(tmp_path) == (Choices(theme="colour-blind"), "")
    again = Dashboard(node.connect, options=Options(folder=tmp_path), now=lambda: samples.NOW)
    async with again.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert again.theme == "colour-blind"


async def test_a_theme_of_the_settings_wins_over_the_kept_one(node: ScriptedNode, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('theme = "high-contrast"\n')
    options = Options(theme="harbour-light", folder=tmp_path)
    app = Dashboard(node.connect, options=options, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert app.theme == "harbour-light"


def test_a_broken_file_of_choices_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("\ntheme = 5\n")
    assert load_choices(tmp_path) == (Choices(), f"{FILE_NAME}:2: theme is a name between quotes")


@pytest.mark.parametrize("name", NAMES)
async def test_every_theme_draws_the_dashboard_and_a_form(node: ScriptedNode, name: str) -> None:
    app = Dashboard(node.connect, theme=name, now=lambda: samples.NOW)
    async with app.run_test(size=SMALL) as pilot:
        await live(pilot)
        assert app.theme == name
        await pilot.press("n")
        await until(pilot, lambda: bool(app.screen.query("#confirm")))
        button = app.screen.query_one("#confirm")
        button.disabled = True
        await pilot.pause()
        assert button.size.height == 1, "one line, on or off"


async def test_a_theme_changed_elsewhere_is_shown_by_every_dashboard(
    node: ScriptedNode, app: Dashboard
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        assert app.theme == "harbour"
        status = app.view.status if app.view else samples.status()

        async def name(theme: str | None) -> None:
            await node.change(StatusChanged(msgspec.structs.replace(status, theme=theme)))
            await until(pilot, lambda: app.view is not None and app.view.status.theme == theme)

        await name("harbour-light")
        await until(pilot, lambda: app.theme == "harbour-light")
        await name("no-such")
        assert app.theme == "harbour-light"
        await name(None)
        await until(pilot, lambda: app.theme == "harbour")
