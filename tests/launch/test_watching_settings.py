"""Commands about keys, given the settings of a node that has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.launch.commitments import export_to
from cortensor_tui.launch.keys import list_keys

ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture
def watching(tmp_path: Path) -> Path:
    path = tmp_path / "watch.env"
    path.write_text(
        f"HOST=http://127.0.0.1:9\nCHAINID=31337\nCORTENSOR_TUI_WATCH_ADDRESS={ADDRESS.lower()}\n"
        f"CORTENSOR_TUI_DATA_DIR={tmp_path / 'data'}\n"
    )
    return path


def test_no_role_has_a_key(watching: Path) -> None:
    found = list_keys(watching, {})

    assert [(one.role, one.address, one.file) for one in found] == [
        ("node", ADDRESS, None),
        ("owner", None, None),
    ]
    assert all("only watched" in one.unlock for one in found)


def test_there_are_no_commitments_to_export(watching: Path) -> None:
    with pytest.raises(ProblemError, match="only watch an address"):
        export_to(watching, {}, None)
    assert not (watching.parent / "data" / "journal").exists()
