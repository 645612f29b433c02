"""Place 8: the demo, a file that exists, or step by step; nothing is written before the last step."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.dashboard.setup import DemoWanted
from cortensor_tui.dashboard.widgets.line_table import LineTable
from cortensor_tui.dashboard.widgets.setup_page import SetupPage
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.settings.setup_draft import SERVING_STEPS, KeyTreatment, SetUp, Step, UnderstoodLine

from .conftest import shown, until
from .scripted_setup import KEY_ADDRESS, OLD, TARGET, ScriptedSetup

PASSWORD = "correct horse"


@pytest.fixture
def setup() -> ScriptedSetup:
    return ScriptedSetup()


@pytest.fixture
def app(setup: ScriptedSetup) -> Dashboard:
    """A dashboard that begins where there are no settings."""

    async def connect() -> NodeClient:
        raise problem_error("no_settings", "There is no node to show yet")

    return Dashboard(connect, make_setup=lambda: setup, begins_with_setup=True)


async def at_menu(app: Dashboard, pilot: Pilot[None]) -> None:
    await until(pilot, lambda: bool(app.screen.query("#menu")))


async def leave_page(app: Dashboard, pilot: Pilot[None]) -> None:
    page = app.screen.query_one(SetupPage)
    await pilot.press("f10")
    await until(pilot, lambda: not page.is_attached)


async def at_step(app: Dashboard, pilot: Pilot[None], setup: ScriptedSetup, step: Step) -> None:
    """Go on until a step, by its own way on."""
    await at_menu(app, pilot)
    await pilot.press("j", "j", "j", "enter")
    await until(pilot, lambda: bool(app.screen.query("#choice")))
    app.screen.query_one("#choice", Select).value = "testnet-0"
    for one in SERVING_STEPS:
        if one is step:
            return
        if one is Step.KEY:
            await until(pilot, lambda: bool(app.screen.query("#password")))
            app.screen.query_one("#password", Input).value = PASSWORD
            app.screen.query_one("#password_again", Input).value = PASSWORD
            await until(pilot, lambda: setup.probed[-1][1].password_again.reveal() == PASSWORD)
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        await leave_page(app, pilot)


async def test_without_settings_it_begins_with_the_menu(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        for words in ("Watch the demo", "Use a settings file", "Watch an address", "Set up a node"):
            assert words in shown(app, "#menu")
        await until(pilot, lambda: "NO NODE YET" in shown(app, "#verdict"))


async def test_the_menu_shows_its_cursor_from_the_first_moment(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "menu")
        menu = app.screen.query_one("#menu")
        first, last = ({one.style.bgcolor for one in menu.render_line(y) if one.style} for y in (1, 4))
        assert first != last


async def test_no_place_misses_a_node_that_never_was(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        for place in "1234567":
            await pilot.press(place)
            await until(pilot, lambda: "NO NODE YET" in shown(app, "#verdict"))
            assert "since" not in shown(app, "#verdict")
            assert "trying again" not in shown(app, "#verdict")
            await until(pilot, lambda: "There is no node to show yet" in shown(app, "#waiting"))


async def test_the_line_of_keys_names_only_what_works_without_a_node(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await until(pilot, lambda: "esc Back" in shown(app, "KeyBar"))
        for words in ("Assign", "Unbind", "New session", "Prompt", "Next"):
            assert words not in shown(app, "KeyBar")
        await pilot.press("j", "enter")
        await until(pilot, lambda: "f10 Next" in shown(app, "KeyBar"))
        await pilot.press("escape", "1")
        await until(pilot, lambda: "Tasks" in shown(app, "KeyBar"))
        assert "Assign" not in shown(app, "KeyBar")


async def test_the_help_names_only_what_works_without_a_node(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await until(pilot, lambda: app.focused is not None and app.focused.id == "menu")
        await pilot.press("question_mark")
        await until(pilot, lambda: "Everywhere" in shown(app, "#panel TextLines"))
        told = shown(app, "#panel TextLines")
        for words in ("One step back", "Leave the dashboard", "Sessions", "Logs"):
            assert words in told
        for words in (
            "Bind",
            "Unbind",
            "Create",
            "Submit",
            "Copy",
            "private",
            "Start a node",
            "The next step",
        ):
            assert words not in told
        await pilot.press("escape", "3", "question_mark")
        await until(pilot, lambda: "What needed you" in shown(app, "#panel TextLines"))
        assert "Submit a prompt" not in shown(app, "#panel TextLines")


async def test_the_menu_keeps_the_chosen_row(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in (("j", "j", "j", "enter"), ("enter",)):
            await at_menu(app, pilot)
            await until(pilot, lambda: app.focused is not None and app.focused.id == "menu")
            await pilot.press(*keys)
            await until(pilot, lambda: bool(app.screen.query("#choice")))
            await pilot.press("escape")
        await at_menu(app, pilot)
        menu = app.screen.query_one("#menu", LineTable)
        assert menu.current is not None
        assert "Set up a node" in str(menu.current)
    assert app.outcome is None


async def test_the_demo_is_one_key_away(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("enter")
    assert app.outcome == DemoWanted()


async def test_a_network_fills_in_what_follows_from_it(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.ENDPOINT)
        await until(pilot, lambda: bool(app.screen.query("#host")))
        assert app.screen.query_one("#host", Input).value == "https://arb.example/v2/tok"
        assert app.screen.query_one("#chain_id", Input).value == "421614"
        await until(pilot, lambda: "answers in 12 ms" in shown(app, "#findings"))


async def test_a_field_is_tried_as_it_is_typed_and_a_bad_one_stops_the_way_on(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.ENDPOINT)
        await until(pilot, lambda: bool(app.screen.query("#host")))
        app.screen.query_one("#host", Input).value = "nonsense"
        await until(pilot, lambda: "it is no address. Give another" in shown(app, "#findings"))
        assert app.screen.query_one("#next", Button).disabled
        await pilot.press("f10", "enter")
        assert app.screen.query("#host")


async def test_back_and_forth_keeps_what_was_typed(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.ENDPOINT)
        await until(pilot, lambda: bool(app.screen.query("#host")))
        app.screen.query_one("#host", Input).value = "http://mine.example"
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.screen.query("#choice")))
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: bool(app.screen.query("#host")))
        assert app.screen.query_one("#host", Input).value == "http://mine.example"


async def test_typing_goes_from_field_to_field(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.KEY)
        await until(pilot, lambda: bool(app.screen.query("#way")))
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: app.screen.query_one("#row-private_key").display)
        await pilot.press("tab", *"abc", "tab", *"first", "tab", *"second")
        assert app.screen.query_one("#private_key", Input).value == "abc"
        assert app.screen.query_one("#password", Input).value == "first"
        assert app.screen.query_one("#password_again", Input).value == "second"
        await until(pilot, lambda: "passwords differ" in shown(app, "#findings"))


async def test_the_summary_shows_the_file_and_writing_it_leads_to_the_node(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.SUMMARY)
        await until(pilot, lambda: "HOST=https://arb.example/…" in shown(app, "#findings"))
        text = shown(app, "#findings")
        assert str(TARGET) in text
        assert "tok" not in text
        assert PASSWORD not in text
        assert not setup.written
        await pilot.press("enter")
        await until(pilot, lambda: app.outcome is not None)
    [draft] = setup.written
    assert draft.password.reveal() == PASSWORD
    assert isinstance(app.outcome, SetUp)


async def test_a_refused_write_is_told_and_can_be_tried_again(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.refusal = problem_error("file_exists", f"{TARGET} is there already", "it is not overwritten")
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.SUMMARY)
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: "is there already" in shown(app, "#findings"))
        setup.refusal = None
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)


async def test_quitting_in_the_middle_writes_nothing(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.SUMMARY)
        for _ in SERVING_STEPS:
            await pilot.press("escape")
        await at_menu(app, pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("escape")
        await at_menu(app, pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert not setup.written
    assert app.outcome is None


async def test_a_file_is_read_line_by_line_and_taken_over_with_its_key_encrypted(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(
            pilot, lambda: bool(app.screen.query("#understood")) and "ROUTER_X" in shown(app, "#understood")
        )
        assert app.screen.query_one("#use", Button).disabled
        app.screen.query_one("#password", Input).value = PASSWORD
        await until(pilot, lambda: "differ" in shown(app, "#outcome"))
        app.screen.query_one("#password-again", Input).value = PASSWORD
        await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)
    assert setup.taken_over == [(OLD, KeyTreatment.ENCRYPT, PASSWORD)]


async def test_settings_can_be_written_without_a_start(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.SUMMARY)
        await until(pilot, lambda: not app.screen.query_one("#write-only", Button).disabled)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: bool(app.screen.query("#written")))
        text = shown(app, "#written")
        assert f"{TARGET} is written" in text
        assert f"cortensor-tui --env {TARGET}" in text
        assert PASSWORD not in text
        await pilot.press("escape")
        await at_menu(app, pilot)
    assert len(setup.written) == 1
    assert app.outcome is None


async def test_the_key_that_goes_on_never_leaves(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.SUMMARY)
        await until(pilot, lambda: not app.screen.query_one("#write-only", Button).disabled)
        await pilot.press("tab", "enter")
        await until(pilot, lambda: bool(app.screen.query("#written")))
        await pilot.press("f10", "escape")
        await at_menu(app, pilot)
        await pilot.press("f10", "1", "f10", "3", "f10")
        await until(pilot, lambda: "There is no node to show yet" in shown(app, "#waiting"))
        assert app.is_running


async def test_a_file_can_be_taken_over_without_a_start(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.has_plain_key = False
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#use")))
        await until(pilot, lambda: not app.screen.query_one("#write-only", Button).disabled)
        assert "answers tasks with this key" in shown(app, "#outcome")
        await pilot.press("tab")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "understood")
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: bool(app.screen.query("#written")))
    assert setup.taken_over == [(OLD, KeyTreatment.KEEP, "")]
    assert app.outcome is None


async def test_going_back_keeps_the_network_and_an_endpoint_that_was_typed(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.ENDPOINT)
        await until(pilot, lambda: bool(app.screen.query("#host")))
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.screen.query("#choice")))
        choice = app.screen.query_one("#choice", Select)
        assert choice.value == "testnet-0"
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        choice.value = "local"
        await until(pilot, lambda: setup.probed[-1][1].host == "http://127.0.0.1:8545")
        await leave_page(app, pilot)
        await until(pilot, lambda: bool(app.screen.query("#host")))
        app.screen.query_one("#host", Input).value = "http://mine.example"
        await until(pilot, lambda: setup.probed[-1][1].host == "http://mine.example")
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.screen.query("#choice")))
        app.screen.query_one("#choice", Select).value = "testnet-0"
        await until(pilot, lambda: setup.probed[-1][1].chain_id == "421614")
        assert setup.probed[-1][1].host == "http://mine.example"


async def test_leaving_a_file_keeps_what_was_typed(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#path")))
        app.screen.query_one("#password", Input).value = PASSWORD
        app.screen.query_one("#path", Input).value = "/somewhere/.env"
        await pilot.pause()
        await pilot.press("escape")
        await at_menu(app, pilot)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#path")))
        assert app.screen.query_one("#path", Input).value == "/somewhere/.env"
        assert app.screen.query_one("#password", Input).value == PASSWORD


async def test_a_bad_line_can_be_read_whole(app: Dashboard, setup: ScriptedSetup) -> None:
    says = "is not a whole number: many. Accepted: a whole number from 1 to 9223372036854775807"
    setup.bad_line = UnderstoodLine(line=7, name="CHAINID", says=says, is_good=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#outcome")) and "CHAINID" in shown(app, "#outcome"))
        text = " ".join(shown(app, "#outcome").split())
        assert f"✖ line 7, CHAINID: {says}" in text
        assert f"mend line 7 of {OLD}" in text
        assert app.screen.query_one("#use", Button).disabled
        app.screen.query_one("#understood").focus()
        await until(pilot, lambda: "line 1, HOST" in shown(app, "#outcome"))
        await pilot.press("j", "j")
        await until(pilot, lambda: "line 3, ROUTER_X: not here; kept" in shown(app, "#outcome"))


async def test_a_file_that_is_not_there_is_told(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#path")))
        app.screen.query_one("#path", Input).value = "/no/such"
        await until(pilot, lambda: "no such file" in shown(app, "#understood"))
        assert app.screen.query_one("#use", Button).disabled


async def test_a_mended_file_is_read_again(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.bad_line = UnderstoodLine(line=7, name="CHAINID", says="is not a whole number", is_good=False)
    setup.has_plain_key = False
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#outcome")) and "mend" in shown(app, "#outcome"))
        for key in ("f10", "enter", "f5"):
            if app.toasts.shown is not None:
                app.toasts.end(app.toasts.shown)
            await pilot.press(key)
            await until(pilot, lambda: app.toasts.shown is not None)
            await until(pilot, lambda: "Read again: line 7 cannot be used" in shown(app, "KeyBar"))
            assert "line 7, CHAINID" in shown(app, "#outcome")
        setup.bad_line = None
        app.screen.query_one("#understood").focus()
        await pilot.press("r")
        await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)
        assert app.is_running
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)


async def test_going_on_says_what_is_in_the_way(app: Dashboard) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(
            pilot, lambda: bool(app.screen.query("#outcome")) and "password" in shown(app, "#outcome")
        )
        await pilot.press("f10")
        await until(pilot, lambda: "Give a password" in shown(app, "KeyBar"))


def blocked(setup: ScriptedSetup) -> None:
    setup.has_plain_key = False
    says = "0: so it would be BLOCKED"
    setup.more_lines = (
        UnderstoodLine(line=7, name="ENABLE_DEDICATED_NODE", says=says, is_good=None, is_doubtful=True),
    )


async def at_file(app: Dashboard, pilot: Pilot[None]) -> None:
    await at_menu(app, pilot)
    await pilot.press("j", "enter")
    await until(pilot, lambda: bool(app.screen.query("#use")))
    await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)


async def test_a_file_that_would_block_the_node_is_switched_on_unless_that_is_not_wanted(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    blocked(setup)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_file(app, pilot)
        assert app.screen.query_one("#row-dedicated").display
        assert "BLOCKED" not in shown(app, "#outcome")
        assert "▲ 0: so" in shown(app, "#understood")
        app.screen.query_one("#dedicated", Select).value = False
        await until(pilot, lambda: "The node will be BLOCKED" in shown(app, "#outcome"))
        text = " ".join(shown(app, "#outcome").split())
        assert "▲ line 7, ENABLE_DEDICATED_NODE: 0: so it would be BLOCKED" in text
        assert "place 7" in text
        app.screen.query_one("#dedicated", Select).value = True
        await until(pilot, lambda: "BLOCKED" not in shown(app, "#outcome"))
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)
    assert setup.enabled_dedicated is True


async def test_the_switch_may_be_left_off(app: Dashboard, setup: ScriptedSetup) -> None:
    blocked(setup)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_file(app, pilot)
        app.screen.query_one("#dedicated", Select).value = False
        await until(pilot, lambda: "The node will be BLOCKED" in shown(app, "#outcome"))
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)
    assert setup.enabled_dedicated is False


async def test_a_file_that_serves_has_nothing_switched(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.has_plain_key = False
    async with app.run_test(size=(80, 24)) as pilot:
        await at_file(app, pilot)
        assert not app.screen.query_one("#row-dedicated").display
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)
    assert setup.enabled_dedicated is False


async def test_a_file_is_summed_up_before_it_is_written(app: Dashboard, setup: ScriptedSetup) -> None:
    blocked(setup)
    async with app.run_test(size=(80, 24)) as pilot:
        await at_file(app, pilot)
        text = shown(app, "#summary")
        assert "▲ 1 blocks the node  ● 2 taken  ○ 1 unused" in text
        assert f"The node would be {KEY_ADDRESS}." in text
