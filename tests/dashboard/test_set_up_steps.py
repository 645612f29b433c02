"""A node is set up step by step; nothing is written before the last one."""

from __future__ import annotations

from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.screens.ask import AskScreen
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.setup_draft import SERVING_STEPS, EngineWay, SetUp, Step

from .at_setup import PASSWORD, app, at_menu, at_step, leave_page, setup
from .conftest import shown, until
from .scripted_setup import TARGET, ScriptedSetup

ENGINE_FIELDS = ("engine_url", "engine_model", "engine_token_file", "container_image", "model_path")

__all__ = ["app", "setup"]


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


async def test_the_default_engine_is_one_key_away(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.ENGINE)
        await until(pilot, lambda: "small default model is fetched" in shown(app, "#findings"))
        assert [one for one in ENGINE_FIELDS if app.screen.query_one(f"#row-{one}").display] == ["model_path"]
        await pilot.press("f10")
        await until(pilot, lambda: bool(app.screen.query("#data_dir")))


async def test_a_model_server_is_chosen_and_tried_as_it_is_typed(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.ENGINE)
        await until(pilot, lambda: bool(app.screen.query("#engine")))
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: app.screen.query_one("#row-engine_url").display)
        assert not app.screen.query_one("#row-model_path").display
        await until(pilot, lambda: "still to be given" in shown(app, "#findings"))
        assert app.screen.query_one("#next", Button).disabled
        await pilot.press("tab", *"http://h:1")
        await until(pilot, lambda: "llama-server b1234 at http://h:1" in shown(app, "#findings"))
        await leave_page(app, pilot)
        await until(pilot, lambda: bool(app.screen.query("#data_dir")))
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.screen.query("#engine")))
        assert app.screen.query_one("#engine_url", Input).value == "http://h:1"
        assert app.screen.query_one("#row-engine_url").display
    assert setup.probed[-1][1].engine_way is EngineWay.HTTP


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
        assert "The password is not kept: each start asks for it." in text
        assert "CORTENSOR_TUI_NODE_PASSWORD_FILE" in text
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


async def test_what_is_being_written_is_not_left(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.may_write.clear()
    async with app.run_test(size=(80, 24)) as pilot:
        await at_step(app, pilot, setup, Step.SUMMARY)
        await until(pilot, lambda: bool(app.screen.query("#write-only")))
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        await pilot.press("f10", "escape")
        await until(pilot, lambda: "being written" in shown(app, "KeyBar"))
        setup.may_write.set()
        await until(pilot, lambda: app.outcome is not None)
    assert len(setup.written) == 1


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
