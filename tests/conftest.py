"""What tests of every room share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cortensor_tui.inference.models.packaged import default_model_folder, fetch_default_model


@pytest.fixture(autouse=True)
def _own_sockets(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep nodes of tests apart from nodes and keys of this user, and settings of this user out of tests."""
    for key in [key for key in os.environ if key.startswith("CORTENSOR_TUI_")]:
        monkeypatch.delenv(key)
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The small model, fetched once into the user's data folder."""
    return fetch_default_model(default_model_folder(), lambda done, total: None)
