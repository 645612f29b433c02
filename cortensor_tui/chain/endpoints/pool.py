"""Every endpoint of one chain behind the face of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from cortensor_tui.chain.rpc import Call, RpcClient, RpcError
from cortensor_tui.domain.problems import ProblemError

T = TypeVar("T")


class EndpointPool:
    """Asks one endpoint; after a call that had no usable answer, the next call goes to the next endpoint."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._clients = tuple(RpcClient(url) for url in urls)
        self._current = 0

    @property
    def url(self) -> str:
        """Return the endpoint in use; its path may hold a token."""
        return self._clients[self._current].url

    @property
    def latency_ms(self) -> float | None:
        """Return how long the endpoint in use takes to answer."""
        return self._clients[self._current].latency_ms

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call. Raises as `Rpc.call` does."""
        return await self._ask(lambda client: client.call(method, *params))

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Return each call's result, or its `RpcError` in place, in the order asked."""
        return await self._ask(lambda client: client.batch(calls))

    async def send_raw(self, raw: str) -> str:
        """Send a signed transaction. Raises as `Rpc.send_raw` does."""
        return await self._ask(lambda client: client.send_raw(raw))

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.close()

    async def _ask(self, asked: Callable[[RpcClient], Awaitable[T]]) -> T:
        try:
            return await asked(self._clients[self._current])
        except RpcError:
            raise
        except ProblemError:
            self._current = (self._current + 1) % len(self._clients)
            raise
