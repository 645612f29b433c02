"""How the network screen looks in each of its states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from cortensor_tui.node.messages import ReplyBody
from cortensor_tui.node.network_messages import GetNetwork

from . import samples
from .conftest import shown, until
from .scripted_node import refusal
from .test_snapshots import Stood

SIZES = [(80, 24), (160, 48)]
STATES: dict[str, tuple[Callable[[], ReplyBody], str, str]] = {
    "known": (lambda: samples.network_report(), "● in use", "#endpoints"),
    "empty": (
        lambda: samples.network_report(
            endpoints=samples.endpoint_reports()[2:3],
            origin=None,
            head_feed=None,
            comparisons=(),
            values=(),
            error="The chain endpoint did not answer.",
        ),
        "✖ resting",
        "#endpoints",
    ),
    "refused": (
        lambda: refusal("internal", "The node failed at this request", "a fault", "See the node's log"),
        "The node failed",
        "#endpoints",
    ),
}


@pytest.mark.parametrize("theme", ["harbour", "harbour-light"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES)
def test_network(snap_compare: Any, state: str, size: tuple[int, int], theme: str) -> None:
    answer, words, place = STATES[state]
    stood = Stood(samples.snapshot(), theme)
    stood.node.answers[GetNetwork] = lambda _: answer()

    async def stage(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "SERVING" in shown(stood.app, "#verdict"))
        await pilot.press("5")
        await until(pilot, lambda: words in shown(stood.app, place))
        await pilot.pause()

    assert snap_compare(stood.app, terminal_size=size, run_before=stage)
