"""What the stories of a nonce stream share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chain.transactions.stream import Stream
from tests.devnet.devnet_on_anvil import DevnetOnAnvil


@pytest.fixture
def stream(devnet: DevnetOnAnvil, tmp_path: Path) -> Stream:
    """A sender on the devnet with a journal of its own."""
    return Stream(devnet, tmp_path / "journal.sqlite")
