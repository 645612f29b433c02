"""Looks after the endpoints that are not in use: a small batch to each now and then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from cortensor_tui.chain.endpoints.breaker import Phase
from cortensor_tui.chain.endpoints.choice import Comparison, is_far_behind
from cortensor_tui.chain.endpoints.endpoint import Endpoint
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.domain.clock import Clock

PROBE_EVERY_S = 10.0
DOUBT_EVERY_S = 2.0  # after a head far behind: is it so again?
SAME_MOMENT_S = 1.0  # heads told this close together may be compared
LOOK_EVERY_S = 0.25
CALM_LOOK_EVERY_S = 1.0  # where every endpoint is well
HEAD_WAIT_S = 10.0  # longer than the longest usual look interval


class Standbys:
    """Finds out which endpoints are due and asks them."""

    def __init__(self, endpoints: Sequence[Endpoint], in_use: Callable[[], Endpoint], clock: Clock) -> None:
        self._endpoints = endpoints
        self._in_use = in_use
        self._clock = clock
        self._head_told = asyncio.Event()
        self._is_in_doubt = False

    def head_told(self) -> None:
        """Take notice that the endpoint in use has just answered: its head is fresh."""
        self._head_told.set()

    async def wait(self) -> None:
        """Wait until somebody is to be asked.

        Standbys that are due wait for the next answer of the endpoint in use, so that their heads can be
        compared with its own at no extra cost; where nobody looks at the chain, not for long.
        """
        while not self._due():
            await asyncio.sleep(self._pause_s())
        due_since = self._clock.monotonic()
        self._head_told.clear()
        while due := self._due():
            is_alone = not self._in_use().is_open or self._in_use() in due
            is_overdue = self._clock.monotonic() - due_since >= HEAD_WAIT_S
            if is_alone or is_overdue or self._head_told.is_set():
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._head_told.wait()

    def _pause_s(self) -> float:
        is_calm = all(endpoint.phase is Phase.CLOSED for endpoint in self._endpoints)
        return CALM_LOOK_EVERY_S if is_calm else LOOK_EVERY_S

    async def probe_due(self) -> None:
        """Ask everybody who is due, at once, and compare the heads."""
        due = self._due()
        if due:
            await asyncio.gather(*(self._probe(endpoint) for endpoint in due))
            self._compare()

    def _due(self) -> list[Endpoint]:
        now = self._clock.monotonic()
        in_use = self._in_use()
        found = []
        for endpoint in self._endpoints:
            phase = endpoint.phase
            if phase is Phase.OPEN or endpoint.is_paused:
                continue
            if endpoint is in_use or not in_use.is_open:
                if phase is Phase.HALF_OPEN:
                    found.append(endpoint)
                    continue
                if endpoint is in_use:
                    continue
            every_s = DOUBT_EVERY_S if self._is_in_doubt else PROBE_EVERY_S
            if endpoint.asked_at is None or now - endpoint.asked_at >= every_s:
                found.append(endpoint)
        return found

    async def _probe(self, endpoint: Endpoint) -> None:
        try:
            if endpoint.phase is Phase.CLOSED and endpoint.is_trusted:
                await endpoint.probe()
            else:
                await endpoint.admit()
        except EndpointError:
            return  # it is in the endpoint's health

    def _compare(self) -> None:
        now = self._clock.monotonic()
        fresh = [
            (endpoint, endpoint.head)
            for endpoint in self._endpoints
            if endpoint.head is not None
            and endpoint.head_at is not None
            and now - endpoint.head_at <= SAME_MOMENT_S
        ]
        comparisons = [
            (endpoint, Comparison(head, max(head for _, head in fresh))) for endpoint, head in fresh
        ]
        for endpoint, comparison in comparisons:
            endpoint.compare(comparison)
        self._is_in_doubt = any(is_far_behind(comparison) for _, comparison in comparisons)
