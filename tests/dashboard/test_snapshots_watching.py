"""How the dashboard looks where a node only watches an address."""

from __future__ import annotations

from typing import Any

import pytest

from . import watching_samples
from .test_snapshots import Stood, when


@pytest.mark.parametrize("theme", ["harbour", "harbour-light"])
@pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])
def test_a_watched_address(snap_compare: Any, size: tuple[int, int], theme: str) -> None:
    stood = Stood(watching_samples.snapshot(), theme)
    assert snap_compare(stood.app, terminal_size=size, run_before=when(stood.app, "WATCHING"))
