"""The devnet's fixtures."""

from __future__ import annotations

from tests.devnet.conftest import anvil_url, devnet, node_modules

__all__ = ["anvil_url", "devnet", "node_modules"]
