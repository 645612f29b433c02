"""How the dashboard's own panels look: why no tasks come, a frozen picture, and the light theme."""

from __future__ import annotations

from typing import Any

import pytest

from . import samples
from .test_snapshots import Stood, when

SIZES = [(80, 24), (160, 48)]


@pytest.mark.parametrize("theme", ["harbour", "harbour-light"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_frozen_picture(snap_compare: Any, size: tuple[int, int], theme: str) -> None:
    stood = Stood(samples.snapshot(), theme)
    assert snap_compare(stood.app, terminal_size=size, run_before=when(stood.app, "SERVING", "space"))


@pytest.mark.parametrize("size", [*SIZES, (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_several_runs_at_once(snap_compare: Any, size: tuple[int, int]) -> None:
    stood = Stood(samples.snapshot(live=samples.live(), runs=samples.runs()), "harbour")
    assert snap_compare(stood.app, terminal_size=size, run_before=when(stood.app, "SERVING"))
