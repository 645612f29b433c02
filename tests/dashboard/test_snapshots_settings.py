"""How place 7 looks: the list, a form with its preview, loading, and what a refusal looks like."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from . import samples
from .conftest import shown, until
from .settings_answers import answer_settings
from .test_snapshots import Stood

SIZES = [(80, 24), (160, 48)]
THEMES = ["harbour", "harbour-light"]


def stood(theme: str = "harbour") -> Stood:
    found = Stood(samples.snapshot(), theme)
    answer_settings(found.node)
    return found


def at(stood: Stood, words: str, *keys: str, selector: str = "#settings") -> Any:
    async def stage(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "SERVING" in shown(stood.app, "#verdict"))
        await pilot.press("7")
        if keys:
            await until(pilot, lambda: "HOST" in shown(stood.app, "#settings"))
            await pilot.press(*keys)
        await until(pilot, lambda: words in shown(stood.app, selector))

    return stage


def test_a_filter_that_hides_all(snap_compare: Any) -> None:
    one = stood()
    stage = at(one, "No setting fits", "slash", *"nosuch", "enter")
    assert snap_compare(one.app, terminal_size=(80, 24), run_before=stage)
