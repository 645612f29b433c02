"""A batch that is too large for an endpoint goes in smaller parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.chain.rpc.json_rpc import Call, RpcError
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.endpoints import EndpointFault

LIMIT_EXCEEDED = -32005  # EIP-1474
LIMIT_HOLDS_S = 600.0  # a proxy's limit may pass


class TooLargeError(RpcError):
    """In the place of an outcome: this call alone is too large, or its answer is."""

    def __init__(self, why: str) -> None:
        super().__init__(LIMIT_EXCEEDED, why)


class Parts:
    """Remembers how many calls one endpoint takes at once. `send` sends one batch within so many seconds."""

    def __init__(
        self,
        send: Callable[[Sequence[Call], float], Awaitable[list[Any]]],
        timed_out: Callable[[], EndpointError],
        clock: Clock,
    ) -> None:
        self._send = send
        self._timed_out = timed_out
        self._clock = clock
        self._most: int | None = None
        self._most_until_s = 0.0

    async def ask(self, calls: Sequence[Call], ends_s: float) -> list[Any]:
        """Return each call's outcome, by monotonic time `ends_s`.

        A call that is too large by itself has `TooLargeError` in its place and leaves the others alone; with
        nobody beside it, that is raised as the `EndpointError` it came as.
        """
        if self._most is not None and self._clock.monotonic() >= self._most_until_s:
            self._most = None
        if self._most is not None and len(calls) > self._most:
            outcomes: list[Any] = []
            while len(outcomes) < len(calls):
                start = len(outcomes)
                outcomes += await self._ask_part(calls[start : start + self._most], ends_s)
            return outcomes
        try:
            return await self._send(calls, self._left_s(ends_s))
        except EndpointError as error:
            if error.fault is not EndpointFault.TOO_LARGE or len(calls) == 1:
                raise
        return await self._ask_in_halves(calls, ends_s)

    async def _ask_in_halves(self, calls: Sequence[Call], ends_s: float) -> list[Any]:
        """Find out whether the calls were too many, which is remembered, or one of them too large."""
        half = (len(calls) + 1) // 2
        first = await self._ask_part(calls[:half], ends_s)
        outcomes = [*first, *await self._ask_part(calls[half:], ends_s)]
        if not any(isinstance(outcome, TooLargeError) for outcome in outcomes):
            self._most = half if self._most is None else min(self._most, half)
            self._most_until_s = self._clock.monotonic() + LIMIT_HOLDS_S
        return outcomes

    async def _ask_part(self, calls: Sequence[Call], ends_s: float) -> list[Any]:
        try:
            return await self.ask(calls, ends_s)
        except EndpointError as error:
            if error.fault is EndpointFault.TOO_LARGE and len(calls) == 1:
                return [TooLargeError(error.problem.why)]
            raise

    def _left_s(self, ends_s: float) -> float:
        left_s = ends_s - self._clock.monotonic()
        if left_s <= 0:
            raise self._timed_out()
        return left_s
