"""How the pages of place 8 look: a file that is read, an address to watch, the summary."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.domain.problems import problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.settings.setup_draft import EngineWay, Step

from . import samples
from .at_setup import at_menu, at_step
from .conftest import shown, until
from .scripted_setup import ScriptedSetup
from .test_first_run_watching import ADDRESS, at_address

SIZES = [(80, 24), (160, 48)]
IDS = ["80x24", "160x48"]


def begun(setup: ScriptedSetup, theme: str = "harbour") -> Dashboard:
    async def connect() -> NodeClient:
        raise problem_error("no_settings", "There is no node to show yet")

    return Dashboard(
        connect, theme=theme, make_setup=lambda: setup, begins_with_setup=True, now=lambda: samples.NOW
    )


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_summary(snap_compare: Any, size: tuple[int, int]) -> None:
    setup = ScriptedSetup()
    app = begun(setup)

    async def stage(pilot: Pilot[None]) -> None:
        await at_step(app, pilot, setup, Step.SUMMARY)
        await until(pilot, lambda: "HOST=" in shown(app, "#findings"))

    assert snap_compare(app, terminal_size=size, run_before=stage)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_an_engine_that_is_a_server(snap_compare: Any, size: tuple[int, int]) -> None:
    setup = ScriptedSetup()
    app = begun(setup)

    async def stage(pilot: Pilot[None]) -> None:
        await at_step(app, pilot, setup, Step.ENGINE)
        await until(pilot, lambda: bool(app.screen.query("#engine")))
        app.screen.query_one("#engine", Select).value = EngineWay.HTTP
        await until(pilot, lambda: app.screen.query_one("#row-engine_url").display)
        app.screen.query_one("#engine_url", Input).value = "http://127.0.0.1:8080"
        await until(pilot, lambda: "first token after" in shown(app, "#findings"))

    assert snap_compare(app, terminal_size=size, run_before=stage)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_a_file_that_is_read(snap_compare: Any, size: tuple[int, int]) -> None:
    app = begun(ScriptedSetup())

    async def stage(pilot: Pilot[None]) -> None:
        await at_menu(app, pilot)
        await pilot.press("j", "enter")
        await until(
            pilot, lambda: bool(app.screen.query("#understood")) and "ROUTER_X" in shown(app, "#understood")
        )

    assert snap_compare(app, terminal_size=size, run_before=stage)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
@pytest.mark.parametrize("theme", ["harbour", "harbour-light"])
def test_an_address_to_watch(snap_compare: Any, theme: str, size: tuple[int, int]) -> None:
    app = begun(ScriptedSetup(), theme)

    async def stage(pilot: Pilot[None]) -> None:
        await at_address(app, pilot)
        app.screen.query_one("#watch_address", Input).value = ADDRESS
        await until(pilot, lambda: "bound to session 7" in shown(app, "#findings"))

    assert snap_compare(app, terminal_size=size, run_before=stage)
