"""The devnet's fixtures: a real anvil with our contracts."""

from tests.devnet.conftest import anvil_url, devnet, node_modules

__all__ = ["anvil_url", "devnet", "node_modules"]
