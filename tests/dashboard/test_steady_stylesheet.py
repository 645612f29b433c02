"""A rule is parsed once, and again only when the colors are other ones."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from textual.css.parse import parse

from cortensor_tui.dashboard.app import Dashboard
from cortensor_tui.dashboard.places import PLACES

from .conftest import live


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often each source is parsed."""
    counts: Counter[str] = Counter()

    def counting(scope: str, css: str, place: Any, *, tie_breaker: int, **named: Any) -> Any:
        counts[f"{tie_breaker} {scope} {css}"] += 1  # the same text has other ranks in other widgets
        return parse(scope, css, place, tie_breaker=tie_breaker, **named)

    monkeypatch.setattr("textual.css.stylesheet.parse", counting)
    return counts


async def test_no_rule_is_parsed_twice_while_the_places_are_opened(
    app: Dashboard, parsed: Counter[str]
) -> None:
    async with app.run_test() as pilot:
        await live(pilot)
        for place in PLACES:
            await pilot.press(place.key)
            await pilot.pause()
        assert parsed
        assert {css: count for css, count in parsed.items() if count > 1} == {}


async def test_another_theme_is_seen_at_once(app: Dashboard, parsed: Counter[str]) -> None:
    async with app.run_test() as pilot:
        await live(pilot)
        before = app.screen.styles.background
        app.theme = "harbour-light"
        await pilot.pause()
        assert app.screen.styles.background != before
