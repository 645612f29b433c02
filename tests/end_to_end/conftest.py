"""Worlds to test in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortensor_tui.domain.networks import Generation
from tests.world import World, open_world


@pytest.fixture(params=["embedded", "anvil"])
async def any_world(
    request: pytest.FixtureRequest, tmp_path: Path, default_model: Path
) -> AsyncIterator[World]:
    """A devnet of either kind."""
    async with open_world(tmp_path, default_model, request.param) as world:
        yield world


@pytest.fixture
async def world(tmp_path: Path, default_model: Path) -> AsyncIterator[World]:
    """A devnet on anvil that mines each transaction at once."""
    async with open_world(tmp_path, default_model, "anvil", block_time=0) as world:
        yield world


@pytest.fixture(params=list(Generation))
async def world_of_a_generation(
    request: pytest.FixtureRequest, tmp_path: Path, default_model: Path
) -> AsyncIterator[World]:
    """A devnet on anvil with the contracts of each generation."""
    async with open_world(tmp_path, default_model, "anvil", block_time=0, generation=request.param) as world:
        yield world


@pytest.fixture
async def ticking_world(tmp_path: Path, default_model: Path) -> AsyncIterator[World]:
    """A devnet on anvil whose time goes on by itself, as deadlines need."""
    async with open_world(tmp_path, default_model, "anvil") as world:
        yield world
