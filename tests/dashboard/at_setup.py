"""The set-up for tests, where there are no settings: its pages, and going on to them."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.widgets.setup_page import SetupPage
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.settings.setup_draft import SERVING_STEPS, Step

from .conftest import until
from .scripted_setup import ScriptedSetup

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
