"""When a failing endpoint is left alone, and for how long: decisions only, nothing here waits or asks."""

from __future__ import annotations

from enum import Enum

import msgspec

from cortensor_tui.domain.endpoints import EndpointFault

FIRST_REST_S = 0.5
LONGEST_REST_S = 2.0  # whatever the trouble was, its end is noticed within this and one probe

# So many failures in a row open the breaker. What says for certain that nobody is there counts for more.
_FAILURES_TO_OPEN = {
    EndpointFault.WRONG_CHAIN: 1,
    EndpointFault.REFUSED: 2,
    EndpointFault.DNS: 2,
    EndpointFault.TIMEOUT: 2,
}
_OTHER_FAILURES_TO_OPEN = 3
# These say nothing against asking again: the budget waits for one, a smaller batch mends the other.
_NO_FAILURES = frozenset({EndpointFault.RATE_LIMITED, EndpointFault.TOO_LARGE})


class Phase(Enum):
    """May it be asked? `HALF_OPEN` lets one probe through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint's record. Times are monotonic seconds; `resting_until` is None while it is closed."""

    failures: int = 0
    rest_s: float = FIRST_REST_S
    resting_until: float | None = None


def phase(breaker: Breaker, now: float) -> Phase:
    """Return whether the endpoint may be asked now."""
    if breaker.resting_until is None:
        return Phase.CLOSED
    return Phase.OPEN if now < breaker.resting_until else Phase.HALF_OPEN


def failed(breaker: Breaker, fault: EndpointFault, now: float) -> Breaker:
    """Return the record after a failure. A failed probe rests twice as long as the time before."""
    if fault in _NO_FAILURES:
        return breaker
    failures = breaker.failures + 1
    if breaker.resting_until is not None:
        if now < breaker.resting_until:  # a call that was under way when it opened
            return breaker
        rest_s = min(2 * breaker.rest_s, LONGEST_REST_S)
        return Breaker(failures=failures, rest_s=rest_s, resting_until=now + rest_s)
    if failures < _FAILURES_TO_OPEN.get(fault, _OTHER_FAILURES_TO_OPEN):
        return Breaker(failures=failures)
    return Breaker(failures=failures, resting_until=now + FIRST_REST_S)


def succeeded() -> Breaker:
    """Return the record after an answer: all is forgiven."""
    return Breaker()
