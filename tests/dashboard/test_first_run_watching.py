"""Place 8: an address to watch, without any key."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.settings.setup_draft import WATCHING_STEPS, SetUp, Step

from .at_setup import app, at_menu, leave_page, setup
from .conftest import shown, until
from .scripted_setup import TARGET, ScriptedSetup

__all__ = ["app", "setup"]

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


async def at_address(app: Dashboard, pilot: Pilot[None]) -> None:
    """Go on until the address is asked for, by keys."""
    await at_menu(app, pilot)
    await pilot.press("j", "j", "enter")
    await until(pilot, lambda: bool(app.screen.query("#choice")))
    app.screen.query_one("#choice", Select).value = "testnet-0"
    for _ in WATCHING_STEPS[: WATCHING_STEPS.index(Step.ADDRESS)]:
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        await leave_page(app, pilot)
    await until(pilot, lambda: bool(app.screen.query("#watch_address")))


async def test_an_address_is_tried_as_it_is_typed_and_written_without_any_key(
    app: Dashboard, setup: ScriptedSetup
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_address(app, pilot)
        await pilot.press(*"0x70")
        await until(pilot, lambda: "it is none. Copy it whole" in shown(app, "#findings"))
        assert app.screen.query_one("#next", Button).disabled
        app.screen.query_one("#watch_address", Input).value = ADDRESS
        await until(pilot, lambda: "bound to session 7" in shown(app, "#findings"))
        await pilot.press("enter")
        await until(pilot, lambda: "CORTENSOR_TUI_WATCH_ADDRESS" in shown(app, "#findings"))
        assert ADDRESS in shown(app, "#findings")
        assert "KEY" not in shown(app, "#findings")
        await pilot.press("enter")
    assert app.outcome == SetUp(settings_path=TARGET, password=setup.written[0].password)
    assert (setup.written[0].is_watching, setup.written[0].watch_address) == (True, ADDRESS)
    assert not {step for step, _ in setup.probed} & {Step.KEY, Step.ENGINE, Step.STORE}


async def test_the_two_ways_do_not_mix(app: Dashboard, setup: ScriptedSetup) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await at_address(app, pilot)
        app.screen.query_one("#watch_address", Input).value = ADDRESS
        await until(pilot, lambda: "bound to session 7" in shown(app, "#findings"))
        for _ in range(4):
            await pilot.press("escape")
            await pilot.pause()
        await at_menu(app, pilot)
        await pilot.press("j", "j", "j", "enter")
        await until(pilot, lambda: bool(app.screen.query("#choice")))
        await until(pilot, lambda: not app.screen.query_one("#next", Button).disabled)
        assert not setup.probed[-1][1].is_watching
        assert setup.probed[-1][1].watch_address == ADDRESS, "what was typed stays"
