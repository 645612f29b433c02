"""Every endpoint of one chain behind the face of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from cortensor_tui.chain.endpoints.batcher import Batcher
from cortensor_tui.chain.endpoints.breaker import Phase
from cortensor_tui.chain.endpoints.broadcast import Reply, broadcast
from cortensor_tui.chain.endpoints.choice import choose, ranked
from cortensor_tui.chain.endpoints.endpoint import Endpoint, Identity
from cortensor_tui.chain.endpoints.refusals import is_rate_limit
from cortensor_tui.chain.endpoints.standbys import Standbys
from cortensor_tui.chain.endpoints.unanswered import nobody_asked, told_of_all
from cortensor_tui.chain.rpc.client import EndpointError
from cortensor_tui.chain.rpc.json_rpc import UNANSWERED, Call, RpcError, result_of, told
from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.endpoints import EndpointHealth, EndpointReport
from cortensor_tui.domain.problems import Problem

log = structlog.get_logger(__name__)

REQUESTS_PER_S = 10.0
MOST_SENDS = 3
# A call that hangs when a fault ends, a rest and a look together stay below the 10 s within which a node is
# to have recovered.
CALL_TIMEOUT_S = 6.0


class EndpointPool:
    """Reads from one endpoint and changes it when another is better; sends to several at once.

    Calls made in one turn of the event loop travel in one request. A read that fails goes to the next
    endpoint within the same time limit. `run` looks after the endpoints that are not in use; without it a
    fault still leads to the next one, but none is found out or taken back before it is needed.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int | None = None,
        known_genesis: str | None = None,
        requests_per_s: float = REQUESTS_PER_S,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`chain_id` is what every endpoint must serve; None takes what the first one serves.

        `known_genesis` is the first block of the chain that the node worked on last. Until `adopt`, only the
        first endpoint may bring another.
        """
        self._clock = clock
        self._endpoints = tuple(Endpoint(url, requests_per_s, clock, self._problem_with) for url in urls)
        self._in_use = 0
        self._chain_id = chain_id
        self._reference: Identity | None = None
        if chain_id is not None and known_genesis is not None:
            self._reference = Identity(chain_id, known_genesis)
        self._is_adopted = False
        self.answered_at: float | None = None
        self._answered_s = clock.monotonic()
        self._batcher = Batcher(self._carry)
        self._sends: set[asyncio.Task[Reply]] = set()
        self._standbys = Standbys(self._endpoints, lambda: self._endpoints[self._in_use], clock)

    @property
    def url(self) -> str:
        """Return the endpoint in use; its path may hold a token."""
        return self._endpoints[self._in_use].url

    @property
    def latency_ms(self) -> float | None:
        """Return how long the endpoint in use takes to answer, on average."""
        return self._endpoints[self._in_use].latency_ms

    @property
    def silent_s(self) -> float:
        """Return for how long nothing asked here was answered; `answered_at` says when it last was."""
        return self._clock.monotonic() - self._answered_s

    def stood_still(self, seconds: float) -> None:
        """Leave out of `silent_s` what this process stood still for: nobody can have answered it."""
        self._answered_s = min(self._answered_s + seconds, self._clock.monotonic())

    def health(self) -> tuple[EndpointHealth, ...]:
        """Return every endpoint as last seen, in the order of the settings."""
        return tuple(
            endpoint.health(is_in_use=index == self._in_use) for index, endpoint in enumerate(self._endpoints)
        )

    def report(self) -> tuple[EndpointReport, ...]:
        """Return every endpoint in full, in the order of the settings."""
        heads = [endpoint.head for endpoint in self._endpoints if endpoint.head is not None]
        best_head = max(heads, default=None)
        return tuple(
            endpoint.report(is_in_use=index == self._in_use, best_head=best_head)
            for index, endpoint in enumerate(self._endpoints)
        )

    def adopt(self, chain_id: int, genesis_hash: str) -> None:
        """Take this chain for the right one: the node works on it. Whoever serves another is set aside."""
        self._reference = Identity(chain_id, genesis_hash)
        self._is_adopted = True
        in_use = self._endpoints[self._in_use]
        in_use.identity = self._reference
        for endpoint in self._endpoints:
            if endpoint.identity is not None and (problem := self._mismatch(endpoint, endpoint.identity)):
                endpoint.distrust(problem)

    # --- asking ------------------------------------------------------------------------------------

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call. Raises as `Rpc.call` does."""
        [outcome] = await self._batcher.ask([(method, params)])
        return result_of(outcome)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Return each call's result, or its `RpcError` in place, in the order asked."""
        return [told(outcome) for outcome in await self._batcher.ask(calls)]

    async def send_raw(self, raw: str) -> str:
        """Send a signed transaction to the endpoint in use and two more. Raises as `Rpc.send_raw` does.

        It waits for no batch. One that takes it, or knows it already, is enough; a refusal is told when all
        that were reached refused for certain.
        """
        first = await self._next(frozenset(), self._clock.monotonic() + CALL_TIMEOUT_S, is_urgent=True)
        if first is None:
            raise self._nobody()
        others = [index for index in self._ranked() if index != first]
        targets = [self._endpoints[index] for index in (first, *others)][:MOST_SENDS]
        return await broadcast(targets, raw, CALL_TIMEOUT_S, self._keep_send)

    async def run(self) -> None:
        """Look after the endpoints until cancelled."""
        while True:
            await self._standbys.wait()
            await self.tend()

    async def tend(self) -> None:
        """Ask every endpoint that is due how it is, and choose."""
        await self._standbys.probe_due()
        self._choose()

    async def close(self) -> None:
        """Close the connections; what is under way is told so."""
        await self._batcher.close()
        for send in tuple(self._sends):
            send.cancel()
        await asyncio.gather(*self._sends, return_exceptions=True)
        for endpoint in self._endpoints:
            await endpoint.close()

    async def _carry(self, calls: Sequence[Call]) -> list[Any]:
        """Return an outcome for each call, from as many endpoints as it takes. Raises `EndpointError`."""
        ends = self._clock.monotonic() + CALL_TIMEOUT_S
        outcomes: list[Any] = [UNANSWERED] * len(calls)
        left = list(range(len(calls)))
        tried: set[int] = set()
        error: EndpointError | None = None
        while left and (index := await self._next(tried, ends, is_urgent=False)) is not None:
            tried.add(index)
            try:
                found = await self._ask(index, [calls[place] for place in left], tried, ends)
            except EndpointError as failure:
                error = failure
                self._choose()
                continue
            for place, outcome in zip(left, found, strict=True):
                outcomes[place] = outcome
            asked = len(left)
            left = [place for place in left if _is_left_open(outcomes[place])]
            if len(left) < asked:
                self.answered_at, self._answered_s = self._clock.now(), self._clock.monotonic()
        if len(left) == len(calls) and all(outcomes[place] is UNANSWERED for place in left):
            raise told_of_all(self._endpoints, error or self._nobody())
        return outcomes

    async def _ask(self, index: int, calls: Sequence[Call], tried: set[int], ends: float) -> list[Any]:
        """Ask one endpoint within its share of the time that is left, so that the others get theirs."""
        endpoint = self._endpoints[index]
        await endpoint.admit()
        others = sum(one.is_open for place, one in enumerate(self._endpoints) if place not in tried)
        left_s = max(0.1, ends - self._clock.monotonic())
        outcomes = await endpoint.ask(calls, left_s / (1 + others))
        if index == self._in_use:
            self._standbys.head_told()
        return outcomes

    async def _next(self, tried: frozenset[int] | set[int], ends: float, *, is_urgent: bool) -> int | None:
        """Return whom to ask next, once its budget lets one; None when nobody is left in time."""
        self._choose()
        while True:
            waits = [
                (self._endpoints[index].wait_s(is_urgent=is_urgent), index)
                for index in self._ranked(is_pause_ended=True)
                if index not in tried
            ]
            if not waits:
                return None
            free = [index for wait_s, index in waits if wait_s <= 0]
            if free:
                return free[0]
            wait_s = min(waits)[0]
            if self._clock.monotonic() + wait_s >= ends:
                return None
            await asyncio.sleep(wait_s)

    # --- choosing ----------------------------------------------------------------------------------

    def _ranked(self, *, is_pause_ended: bool = False) -> list[int]:
        """Return who may be asked, best first; where nobody may, those whose rest is over.

        With `is_pause_ended`, those that asked for a pause come after the others.
        """
        found = ranked([endpoint.standing() for endpoint in self._endpoints], self._in_use)
        if is_pause_ended:
            found += [
                index
                for index, endpoint in enumerate(self._endpoints)
                if endpoint.is_paused and endpoint.phase is Phase.CLOSED
            ]
        return found or [
            index for index, endpoint in enumerate(self._endpoints) if endpoint.phase is Phase.HALF_OPEN
        ]

    def _choose(self) -> None:
        standings = [endpoint.standing() for endpoint in self._endpoints]
        chosen = choose(standings, self._in_use, self._clock.monotonic())
        if chosen == self._in_use:
            return
        before, after = self._endpoints[self._in_use], self._endpoints[chosen]
        why = before.error.problem.why if before.error and not before.is_open else "another is better"
        log.warning("another endpoint is in use", endpoint=after.name, before=before.name, why=why)
        self._in_use = chosen

    def _problem_with(self, endpoint: Endpoint, identity: Identity) -> Problem | None:
        problem = self._mismatch(endpoint, identity)
        if problem is None:
            if self._reference is None:
                self._reference = identity
            return None
        is_main = endpoint is self._endpoints[0]
        is_right_id = self._chain_id in (None, identity.chain_id)
        is_old_served = any(one.is_open for one in self._endpoints if one is not endpoint)
        if is_main and is_right_id and not (self._is_adopted and is_old_served):
            # The first endpoint says what the chain is, until the node works on one, and again when nobody
            # serves that any more: a devnet was started anew. The node will see it and start anew, too.
            log.warning("the endpoint serves another chain now", endpoint=endpoint.name)
            self._reference = identity
            return None
        return problem

    def _mismatch(self, endpoint: Endpoint, identity: Identity) -> Problem | None:
        wanted = self._chain_id if self._reference is None else self._reference.chain_id
        if wanted is not None and identity.chain_id != wanted:
            return _wrong_chain(
                f"The endpoint {endpoint.name} serves chain {identity.chain_id}, not {wanted} as set",
                "HOST and CHAINID do not belong together",
            )
        known = self._reference.genesis_hash if self._reference else None
        if known is not None and identity.genesis_hash not in (None, known):
            return _wrong_chain(
                f"The endpoint {endpoint.name} serves another chain with the same id {identity.chain_id}",
                "its first block is another than that of the chain this node works on",
            )
        return None

    def _nobody(self) -> EndpointError:
        return nobody_asked(self._endpoints[self._in_use])

    def _keep_send(self, send: asyncio.Task[Reply]) -> None:
        self._sends.add(send)
        send.add_done_callback(self._sends.discard)


def _is_left_open(outcome: Any) -> bool:
    return outcome is UNANSWERED or (isinstance(outcome, RpcError) and is_rate_limit(outcome))


def _wrong_chain(what: str, why: str) -> Problem:
    return Problem(code="wrong_chain", what=what, why=why, remedy="Correct one of them")
