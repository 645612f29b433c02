"""One endpoint of the pool: asked within its budget, judged by its answers, checked before it is trusted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from cortensor_tui.chain.endpoints import breaker, budget
from cortensor_tui.chain.endpoints.answers import LARGEST_NUMBER, head_in, outcomes_in
from cortensor_tui.chain.endpoints.breaker import Breaker, Phase
from cortensor_tui.chain.endpoints.choice import Comparison, Standing, is_stale
from cortensor_tui.chain.endpoints.parts import Parts
from cortensor_tui.chain.rpc.client import EndpointError, endpoint_name, no_answer, quantity
from cortensor_tui.chain.rpc.exchange import ExchangeError, HttpExchange
from cortensor_tui.chain.rpc.json_rpc import Call, request, requests
from cortensor_tui.domain.clock import Clock
from cortensor_tui.domain.endpoints import EndpointFault, EndpointHealth, EndpointReport, EndpointState
from cortensor_tui.domain.problems import Problem, ProblemError

PROBE_TIMEOUT_S = 2.5
LATENCY_WEIGHT = 0.2  # of the newest answer in the average
MINUTE_S = 60.0


class Identity(msgspec.Struct, frozen=True):
    """Which chain an endpoint serves; the genesis is None where it does not give old blocks."""

    chain_id: int
    genesis_hash: str | None


class Endpoint:
    """`problem_with` tells what is wrong with an identity, None for nothing."""

    def __init__(
        self,
        url: str,
        requests_per_s: float,
        clock: Clock,
        problem_with: Callable[[Endpoint, Identity], Problem | None],
    ) -> None:
        self.url = url
        self.name = endpoint_name(url)
        self.identity: Identity | None = None
        self.head: int | None = None
        self.head_at: float | None = None
        self.latency_ms: float | None = None
        self.asked_at: float | None = None
        self._comparisons: tuple[Comparison, ...] = ()
        self.error: EndpointError | None = None
        self._clock = clock
        self._problem_with = problem_with
        self._exchange = HttpExchange(url)
        self._breaker = Breaker()
        self._budget = budget.new_budget(requests_per_s, clock.monotonic())
        self._parts = Parts(self._ask_patiently, self._timed_out, clock)
        self.is_trusted = False
        self._admission: asyncio.Task[None] | None = None
        self._well_since: float | None = None
        self._error_at: float | None = None
        self._asked: deque[float] = deque()
        self._requests = self._failures = 0
        self._sends = {True: 0, False: 0}

    # --- what is known of it -----------------------------------------------------------------------

    @property
    def is_failing(self) -> bool:
        """Tell whether it has failed and not been well since; `error` says how."""
        return self.error is not None and (self._well_since is None or not self.is_trusted)

    @property
    def phase(self) -> Phase:
        """Return whether it may be asked."""
        return breaker.phase(self._breaker, self._clock.monotonic())

    @property
    def resting_until(self) -> float | None:
        """Return until when it is left alone, monotonic seconds."""
        return self._breaker.resting_until

    @property
    def is_open(self) -> bool:
        """Tell whether it may be asked like any other."""
        return self.phase is Phase.CLOSED and not self.is_paused

    @property
    def is_paused(self) -> bool:
        """Tell whether it asked for a pause."""
        return budget.is_blocked(self._budget, self._clock.monotonic())

    def wait_s(self, *, is_urgent: bool) -> float:
        """Return how long its budget makes one wait; what is urgent waits only for a pause it asked for."""
        now = self._clock.monotonic()
        if is_urgent:
            return max(0.0, self._budget.blocked_until - now)
        return budget.wait_s(self._budget, now)

    def standing(self) -> Standing:
        """Return what the choice goes by."""
        return Standing(
            is_open=self.is_open,
            is_stale=is_stale(self._comparisons),
            head=self.head,
            latency_ms=self.latency_ms,
            well_since=self._well_since,
        )

    def health(self, *, is_in_use: bool) -> EndpointHealth:
        """Return it as a person sees it."""
        now, wall = self._clock.monotonic(), self._clock.now()
        ends = max(self._breaker.resting_until or 0.0, self._budget.blocked_until)
        self._forget_old_requests(now)
        return EndpointHealth(
            name=self.name,
            state=self._state(is_in_use=is_in_use),
            head_number=self.head,
            latency_ms=None if self.latency_ms is None else round(self.latency_ms, 1),
            fault=self.error.fault if self.error else None,
            error=self.error.problem.why if self.error else "",
            error_at=self._error_at,
            resting_until=wall + ends - now if ends > now else None,
            requests_last_minute=len(self._asked),
            requests_per_s=self._budget.per_s,
        )

    def report(self, *, is_in_use: bool, best_head: int | None) -> EndpointReport:
        """Return it in full. `best_head` is the highest that any endpoint has told."""
        now, wall = self._clock.monotonic(), self._clock.now()
        rests_until, paused_until = self._breaker.resting_until, self._budget.blocked_until
        is_known = self.head is not None and best_head is not None
        return EndpointReport(
            health=self.health(is_in_use=is_in_use),
            blocks_behind=max(0, (best_head or 0) - (self.head or 0)) if is_known else None,
            requests_left=round(budget.left(self._budget, now), 1),
            requests=self._requests,
            failures=self._failures,
            failures_in_a_row=self._breaker.failures,
            probe_at=None if rests_until is None else wall + rests_until - now,
            paused_until=wall + paused_until - now if paused_until > now else None,
            sends_taken=self._sends[True],
            sends_not_taken=self._sends[False],
            chain_id=self.identity.chain_id if self.identity else None,
            genesis_hash=self.identity.genesis_hash if self.identity else None,
        )

    def sent(self, *, is_taken: bool) -> None:
        """Count a transaction that was sent to it."""
        self._sends[is_taken] += 1

    def _state(self, *, is_in_use: bool) -> EndpointState:
        if self.phase is not Phase.CLOSED and self.error and self.error.fault is EndpointFault.WRONG_CHAIN:
            return EndpointState.WRONG_CHAIN
        if self.phase is Phase.HALF_OPEN:
            return EndpointState.PROBING
        if self.phase is Phase.OPEN or self.is_paused:
            return EndpointState.RESTING
        if is_in_use:
            return EndpointState.IN_USE
        return EndpointState.UNKNOWN if self._well_since is None else EndpointState.STANDBY

    # --- asking ------------------------------------------------------------------------------------

    async def admit(self) -> None:
        """Make sure that it serves the right chain: at first, and again after each rest.

        Raises `EndpointError`. Who comes while it is being asked waits for the same answer.
        """
        if self.is_trusted and self.phase is Phase.CLOSED:
            return
        if self._admission is None:
            self._admission = asyncio.create_task(self.probe())
            self._admission.add_done_callback(self._admitted)
        await asyncio.shield(self._admission)

    async def probe(self) -> None:
        """Ask which chain it serves and how far it is, in one request. Raises `EndpointError`."""
        calls: list[Call] = [("eth_chainId", ()), ("eth_blockNumber", ())]
        is_new = not self.is_trusted
        if is_new:
            calls.append(("eth_getBlockByNumber", ("0x0", False)))
        outcomes = await self.ask(calls, PROBE_TIMEOUT_S)
        try:
            chain_id = quantity(outcomes[0], LARGEST_NUMBER)
        except ProblemError as error:
            raise self._failed(EndpointFault.BAD_JSON, "it does not tell its chain id") from error
        genesis_hash = self.identity.genesis_hash if self.identity else None
        if is_new:
            genesis = outcomes[2]
            genesis_hash = str(genesis.get("hash")) if isinstance(genesis, dict) else None
        self._judge(Identity(chain_id, genesis_hash))

    async def ask(self, calls: Sequence[Call], timeout_s: float) -> list[Any]:
        """Return each call's outcome, `UNANSWERED` where it has none. Raises `EndpointError`."""
        return await self._parts.ask(calls, self._clock.monotonic() + timeout_s)

    async def close(self) -> None:
        """Close its connections."""
        if self._admission is not None:
            self._admission.cancel()
            await asyncio.gather(self._admission, return_exceptions=True)
        await self._exchange.close()

    async def _ask_patiently(self, calls: Sequence[Call], timeout_s: float) -> list[Any]:
        ends = self._clock.monotonic() + timeout_s
        try:
            return await self._ask_once(calls, timeout_s)
        except EndpointError as error:
            left_s = ends - self._clock.monotonic()
            if error.fault is not EndpointFault.DISCONNECTED or left_s <= 0:
                raise
        return await self._ask_once(calls, left_s)  # it may just have closed a connection that lay idle

    def _timed_out(self) -> EndpointError:
        return self._failed(EndpointFault.TIMEOUT, "it took too long")

    async def _ask_once(self, calls: Sequence[Call], timeout_s: float) -> list[Any]:
        self._spend(self._clock.monotonic())
        try:
            answer = await self._exchange.post(
                requests(calls) if len(calls) > 1 else request(calls[0]), timeout_s
            )
            outcomes = outcomes_in(answer, len(calls))
        except ExchangeError as error:
            raise self._failed(error.fault, error.why, error.retry_after) from error
        self._succeeded(self._exchange.latency_ms or 0.0)
        head = head_in(calls, outcomes)
        if head is not None:
            self.head, self.head_at = head, self._clock.monotonic()
        return outcomes

    # --- what its answers teach --------------------------------------------------------------------

    def _spend(self, now: float) -> None:
        self._budget = budget.spent(self._budget, now)
        self.asked_at = now
        self._requests += 1
        self._asked.append(now)
        self._forget_old_requests(now)

    def _forget_old_requests(self, now: float) -> None:
        while self._asked and now - self._asked[0] > MINUTE_S:
            self._asked.popleft()

    def _succeeded(self, took_ms: float) -> None:
        before = took_ms if self.latency_ms is None else self.latency_ms
        self.latency_ms = before + LATENCY_WEIGHT * (took_ms - before)
        self._budget = budget.accepted(self._budget)
        if self.is_trusted or self.phase is Phase.CLOSED:  # a rest ends only with the right chain
            self._breaker = breaker.succeeded()
        if self._well_since is None:
            self._well_since = self._clock.monotonic()

    def _failed(self, fault: EndpointFault, why: str, retry_after: str | None = None) -> EndpointError:
        now = self._clock.monotonic()
        self._failures += 1
        if fault is EndpointFault.RATE_LIMITED:
            pause_s = budget.retry_after_s(retry_after, self._clock.now())
            self._budget = budget.refused(self._budget, now, pause_s)
        self._breaker = breaker.failed(self._breaker, fault, now)
        if self._breaker.resting_until is not None:
            self.is_trusted = False
        return self._told(EndpointError(no_answer(self.name, why, fault), fault))

    def _told(self, error: EndpointError) -> EndpointError:
        self._well_since = None
        self.error, self._error_at = error, self._clock.now()
        return error

    def _judge(self, identity: Identity) -> None:
        self.identity = identity
        problem = self._problem_with(self, identity)
        if problem is None:
            self.is_trusted = True
            self._breaker = breaker.succeeded()
            return
        self.distrust(problem)
        if self.error is not None:
            raise self.error

    def distrust(self, problem: Problem) -> None:
        """Set it aside: it serves another chain."""
        self._failed(EndpointFault.WRONG_CHAIN, problem.why)
        self._told(EndpointError(problem, EndpointFault.WRONG_CHAIN))

    def compare(self, comparison: Comparison) -> None:
        """Take its head beside the best one of the same moment."""
        self._comparisons = (*self._comparisons, comparison)[-2:]
        if is_stale(self._comparisons):
            why = f"its head stays behind: {comparison.own}, while another is at {comparison.best}"
            fault = EndpointFault.STALE_HEAD
            self._told(EndpointError(no_answer(self.name, why, fault), fault))

    def _admitted(self, done: asyncio.Task[None]) -> None:
        self._admission = None
        if not done.cancelled():
            done.exception()  # who waits for it raises it; with nobody waiting it is in `error` all the same
