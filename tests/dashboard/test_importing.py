"""A settings file that exists is read line by line, summed up and taken over."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.settings.setup_draft import KeyTreatment, UnderstoodLine

from .at_setup import PASSWORD, app, at_menu, setup
from .conftest import shown, until
from .scripted_setup import KEY_ADDRESS, OLD, ScriptedSetup

__all__ = ["app", "setup"]


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


async def test_what_is_being_written_is_written_whatever_is_read_meanwhile(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    setup.has_plain_key = False
    setup.may_write.clear()
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#write-only")))
        write_only = app.screen.query_one("#write-only", Button)
        await until(pilot, lambda: not write_only.disabled)
        write_only.press()
        await until(pilot, lambda: write_only.disabled)
        app.screen.query_one("#understood").focus()
        await pilot.press("r")
        await until(pilot, lambda: app.toasts.shown is not None)
        assert "Read again" in shown(app, "KeyBar")
        assert write_only.disabled, "it would be written twice"
        await pilot.press("escape")
        await until(pilot, lambda: "being written" in shown(app, "KeyBar"))
        setup.may_write.set()
        await until(pilot, lambda: bool(app.screen.query("#written")))
    assert setup.taken_over == [(OLD, KeyTreatment.KEEP, "")]


async def test_after_a_refusal_it_can_be_tried_again(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.has_plain_key = False
    setup.refusal = problem_error("settings", "The settings could not be written", "the disk is full")
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#use")))
        await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: "the disk is full" in shown(app, "#outcome"))
        setup.refusal = None
        await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)
    assert setup.taken_over == [(OLD, KeyTreatment.KEEP, "")]


async def test_a_path_just_typed_is_read_before_it_is_used(app: Dashboard, setup: ScriptedSetup) -> None:
    setup.has_plain_key = False
    async with app.run_test(size=(80, 24)) as pilot:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#use")))
        await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)
        await pilot.press("x", "f10")
        await until(pilot, lambda: "no such file" in shown(app, "#understood"))
        app.screen.query_one("#path", Input).value = str(OLD)
        await pilot.press("f10")
        await until(pilot, lambda: not app.screen.query_one("#use", Button).disabled)
        assert setup.taken_over == []
        await pilot.press("f10")
        await until(pilot, lambda: app.outcome is not None)
    assert setup.taken_over == [(OLD, KeyTreatment.KEEP, "")]


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
