"""What every devnet chain offers to the parts that stand on it."""

from __future__ import annotations

from typing import Protocol


class Backend(Protocol):
    """A running chain behind HTTP JSON-RPC on this machine."""

    @property
    def rpc_url(self) -> str:
        """Return the address clients connect to, such as http://127.0.0.1:8545."""
        ...

    async def ended(self) -> str:
        """Wait until the chain has ended by itself, and return how it did."""
        ...

    async def stop(self) -> None:
        """End the chain and free its port; a second call does nothing."""
        ...
