"""Place 7: every setting is there, can be found, and is changed only after its preview."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.present import settings as present
from cortensor_tui.dashboard.present.settings import AT_OPENING
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.node.messages import ReplyBody, RequestBody
from cortensor_tui.node.settings_messages import ChangeSetting, CheckSetting, GetSettings, SettingChanged
from cortensor_tui.settings import SPECS
from cortensor_tui.settings.spec import TakesEffect

from .conftest import live, shown, text_of, until
from .scripted_node import ScriptedNode, refusal
from .settings_answers import AT_ONCE, FEE, KEY, PORT, answer_settings, entry, told


async def at_settings(app: Dashboard, pilot: Pilot[None]) -> None:
    await live(pilot)
    await pilot.press("7")
    await until(pilot, lambda: "HOST" in shown(app, "#settings"))


async def open_form(app: Dashboard, pilot: Pilot[None], key: str) -> None:
    await at_settings(app, pilot)
    for _ in range([one.key for one in told().entries].index(key)):
        await pilot.press("j")
    await pilot.press("enter")
    await until(pilot, lambda: bool(app.screen.query("#value")))


async def test_it_tells_value_source_and_what_differs(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(160, 48)) as pilot:
        await at_settings(app, pilot)
        text = shown(app, "#settings")
        assert "https://arb.example/…" in text
        assert ".env:5" in text
        assert "network" in text
        assert "environment" in text
        assert "▲ 8090 → 9000" in text
        assert "1 waits for the next start" in shown(app, "Heading")
        assert "perhaps LOG_FILE_NAME was meant" in shown(app, "#faults")


def test_each_setting_says_how_it_is_changed() -> None:
    for spec in SPECS:
        lines = present.about_lines(entry(spec.key, "", spec.takes_effect.value), 160)
        said = "".join(span.text for line in lines for span in line)
        if spec.takes_effect is TakesEffect.BY_KEYS:
            assert "not here: key material is changed with cortensor-tui keys" in said
        elif spec.is_secret:
            assert "not here: by hand in the file" in said
        else:
            assert f"take effect {spec.takes_effect.value}" in said


async def test_the_cursor_tells_what_a_setting_is_for(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_settings(app, pilot)
        assert "endpoint, asked first" in shown(app, "#about")
        await pilot.press("j")
        await until(pilot, lambda: "cortensor-tui keys" in shown(app, "#about"))
        await pilot.press("G")
        await until(pilot, lambda: "environment, which" in shown(app, "#about"))


async def test_filter_by_words_and_by_what_is_changed(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_settings(app, pilot)
        await pilot.press("slash", *"model", "enter")
        await until(pilot, lambda: PORT in shown(app, "#settings") and FEE not in shown(app, "#settings"))
        await pilot.press("slash", "escape")
        await until(pilot, lambda: FEE in shown(app, "#settings"))
        await pilot.press("c")
        await until(pilot, lambda: "FINALITY" not in shown(app, "#settings"))
        await pilot.press("c")
        await until(pilot, lambda: "FINALITY" in shown(app, "#settings"))
        await pilot.press("slash", *"nosuch", "enter")
        await until(pilot, lambda: "No setting fits" in shown(app, "#settings"))


async def test_a_change_is_previewed_then_written_with_what_was_seen(
    app: Dashboard, node: ScriptedNode
) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, FEE)
        assert app.screen.query_one("#value", Input).value == "2"
        await pilot.press("backspace", "3")
        await until(pilot, lambda: f"+ {FEE}=3 # cheap" in shown(app, "#outcome"))
        assert f"− {FEE}=2 # cheap" in shown(app, "#outcome")
        assert not any(isinstance(one, ChangeSetting) for one in node.requests)
        asked_before = sum(isinstance(one, GetSettings) for one in node.requests)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#settings")))
        assert ChangeSetting(name=FEE, value="3", fingerprint="f1") in node.requests
        await until(pilot, lambda: sum(isinstance(one, GetSettings) for one in node.requests) > asked_before)


async def test_what_is_typed_on_is_not_written_as_it_was_before(
    app: Dashboard, node: ScriptedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_settings(node)
    may_come, asked = asyncio.Event(), []
    ask = app.request

    async def slowly(body: RequestBody, timeout_s: float = 30.0) -> ReplyBody:
        reply = await ask(body, timeout_s)
        if isinstance(body, CheckSetting):
            asked.append(body.value)
            if body.value == "3":
                await may_come.wait()
        return reply

    monkeypatch.setattr(app, "request", slowly)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, FEE)
        app.screen.query_one("#value", Input).value = "3"
        await until(pilot, lambda: asked == ["3"])
        app.screen.query_one("#value", Input).value = "30"
        await pilot.pause()
        may_come.set()
        await pilot.press("enter")
        await until(pilot, lambda: asked == ["3", "30"])
        written = [one.value for one in node.requests if isinstance(one, ChangeSetting)]
        assert "3" not in written


async def test_another_node_s_settings_are_asked_for(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_settings(app, pilot)
        other = msgspec.structs.replace(told(), path="/home/op/elsewhere/.env")
        node.answers[GetSettings] = lambda _: other
        await node.stop()
        await node.start()
        await until(pilot, lambda: "/home/op/elsewhere/.env" in shown(app, "Heading"))


async def test_a_bad_value_cannot_be_written(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, FEE)
        app.screen.query_one("#value", Input).value = "lots"
        await until(pilot, lambda: "is not a number" in shown(app, "#outcome"))
        assert app.screen.query_one("#write", Button).disabled
        await pilot.press("enter", "f10")
        assert not any(isinstance(one, ChangeSetting) for one in node.requests)


async def test_the_line_of_keys_names_the_change(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_settings(app, pilot)
        await until(pilot, lambda: "e Change" in shown(app, "KeyBar"))
        await pilot.press("e")
        await until(pilot, lambda: bool(app.screen.query("#value")))


async def test_back_to_the_default_is_previewed_too(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, FEE)
        await pilot.press("f8")
        await until(pilot, lambda: f"+ {FEE}= # cheap" in shown(app, "#outcome"))
        await pilot.press("enter")
        await until(pilot, lambda: ChangeSetting(name=FEE, value=None, fingerprint="f1") in node.requests)


async def test_a_key_has_no_field_and_says_what_to_do(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, KEY)
        await until(pilot, lambda: "keys import" in shown(app, "#outcome"))
        assert not app.screen.query_one("#value", Input).parent.display  # type: ignore[union-attr]
        assert [str(button.label) for button in app.screen.query(Button)] == ["Close"]
        asked = len(node.requests)
        await pilot.press("f8", "f10")
        await pilot.pause()
        assert len(node.requests) == asked
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#settings")))


LONG = " ".join(f"word{number}" for number in range(150))


async def test_a_long_help_can_be_read_to_its_end(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    first, *rest = told().entries
    entries = (msgspec.structs.replace(first, help=LONG), *rest)
    node.answers[GetSettings] = lambda body: msgspec.structs.replace(told(), entries=entries)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_settings(app, pilot)
        await until(pilot, lambda: "enter shows it whole" in shown(app, "#about"))
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#value")))
        panel = app.screen.query_one("#panel")
        await pilot.press("pageup", "pageup")
        await until(pilot, lambda: panel.scroll_y == 0)
        await pilot.press("pagedown", "pagedown")
        await until(pilot, lambda: panel.scroll_y == panel.max_scroll_y > 0)


async def test_one_pane_at_a_time_has_the_bar_of_the_focus(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_settings(app, pilot)
        assert [text_of(one)[0] for one in app.screen.query("Heading")] == ["▎", " "]


async def change(app: Dashboard, node: ScriptedNode, pilot: Pilot[None], key: str, value: str) -> None:
    """Open the form of a setting that the node does not have yet, and type a value."""
    entries = (entry(key, "as it is", AT_OPENING if key != present.THEME else AT_ONCE),)
    node.answers[GetSettings] = lambda body: msgspec.structs.replace(told(), entries=entries)
    node.answers[ChangeSetting] = lambda body: SettingChanged(
        entry=msgspec.structs.replace(entries[0], text=value), is_applied=True
    )
    await live(pilot)
    await pilot.press("7")
    await until(pilot, lambda: key in shown(app, "#settings"))
    await pilot.press("enter")
    await until(pilot, lambda: bool(app.screen.query("#value")))
    app.screen.query_one("#value", Input).value = value


async def test_a_theme_is_shown_as_soon_as_it_is_written(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await change(app, node, pilot, present.THEME, "harbour-light")
        await until(pilot, lambda: "harbour-light" in shown(app, "#outcome"))
        assert app.theme == "harbour"
        await pilot.press("enter")
        await until(pilot, lambda: app.theme == "harbour-light")


async def test_changing_the_theme_names_those_there_are(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await change(app, node, pilot, present.THEME, "")
        assert "takes     one of colour-blind, harbour, harbour-light, " in shown(app, "#panel TextLines")


async def test_a_theme_that_is_none_is_not_written(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await change(app, node, pilot, present.THEME, "no-such")
        await until(pilot, lambda: "There is no theme no-such" in shown(app, "#outcome"))
        assert "harbour" in shown(app, "#outcome")
        await pilot.press("enter", "f10")
        assert not any(isinstance(one, ChangeSetting) for one in node.requests)


async def test_what_a_dashboard_takes_when_it_is_opened_is_said_to(
    app: Dashboard, node: ScriptedNode
) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await change(app, node, pilot, "CORTENSOR_TUI_ASCII", "1")
        seen = "\n".join(text_of(one) for one in app.screen.query("TextLines"))
        assert AT_OPENING in seen
        await until(pilot, lambda: not app.screen.query_one("#write", Button).disabled)
        await pilot.press("enter")
        await until(
            pilot, lambda: "a dashboard takes it" in (app.toasts.shown.text if app.toasts.shown else "")
        )


async def test_a_typed_value_is_not_lost_without_a_question(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, FEE)
        await pilot.press("4", "escape")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.screen.query("#value")))
        assert app.screen.query_one("#value", Input).value == "4"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("x")
        await until(pilot, lambda: bool(app.screen.query("#settings")))
        assert not any(isinstance(one, ChangeSetting) for one in node.requests)


async def test_a_refused_write_stays_on_the_form(app: Dashboard, node: ScriptedNode) -> None:
    answer_settings(node)
    node.answers[ChangeSetting] = lambda body: refusal("settings_changed", "it was changed meanwhile")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_form(app, pilot, FEE)
        app.screen.query_one("#value", Input).value = "3"
        await until(pilot, lambda: f"+ {FEE}=3" in shown(app, "#outcome"))
        await pilot.press("enter")
        await until(pilot, lambda: "changed meanwhile" in shown(app, "#outcome"))


async def test_an_older_node_that_cannot_tell_says_so(app: Dashboard, node: ScriptedNode) -> None:
    node.answers[GetSettings] = lambda body: refusal("unknown_request", "The node does not know this request")
    async with app.run_test(size=(80, 24)) as pilot:
        await live(pilot)
        await pilot.press("7")
        await until(pilot, lambda: "does not know this request" in shown(app, "#settings"))


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ("", 6),
        ("changed", 5),
        ("live", 2),
        ("pending", 1),
        ("live changed fee", 1),
        ("fee nosuch", 0),
    ],
)
def test_which_settings_a_filter_lets_through(wanted: str, keys: int) -> None:
    assert len(present.rows(told(), wanted)) == keys
