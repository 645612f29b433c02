"""How often an endpoint may be asked: a bucket of tokens, which HTTP 429 empties. Decisions only."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import msgspec

BURST_S = 2.0  # an idle stretch saves up this much of the rate
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 8.0
LONGEST_RETRY_AFTER_S = 30.0  # longer than this, asking again is worth the refusal


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint's bucket. Times are monotonic seconds. Sends do not wait, so tokens may be below 0."""

    per_s: float
    tokens: float
    filled_at: float
    blocked_until: float = 0.0
    refusals: int = 0


def new_budget(per_s: float, now: float) -> Budget:
    """Return a full bucket for so many requests a second."""
    return Budget(per_s=per_s, tokens=_size(per_s), filled_at=now)


def wait_s(budget: Budget, now: float) -> float:
    """Return how long to wait until one more request is within the budget, 0 for not at all."""
    missing = 1 - _filled(budget, now).tokens
    return max(0.0, budget.blocked_until - now, missing / budget.per_s)


def left(budget: Budget, now: float) -> float:
    """Return how many requests may go at once."""
    return _filled(budget, now).tokens


def is_blocked(budget: Budget, now: float) -> bool:
    """Tell whether the endpoint asked for a pause that is not over."""
    return now < budget.blocked_until


def spent(budget: Budget, now: float) -> Budget:
    """Return the budget after one more request, whether there was a token for it or not."""
    filled = _filled(budget, now)
    return msgspec.structs.replace(filled, tokens=filled.tokens - 1)


def refused(budget: Budget, now: float, retry_after_s: float | None) -> Budget:
    """Return the budget after HTTP 429: empty, and paused as told or, untold, longer each time."""
    if retry_after_s is None:
        pause_s = min(FIRST_PAUSE_S * 2**budget.refusals, LONGEST_PAUSE_S)
    else:
        pause_s = min(max(retry_after_s, 0.0), LONGEST_RETRY_AFTER_S)
    return msgspec.structs.replace(
        budget,
        tokens=min(0.0, _filled(budget, now).tokens),
        filled_at=now,
        blocked_until=max(budget.blocked_until, now + pause_s),
        refusals=min(budget.refusals + 1, 16),
    )


def accepted(budget: Budget) -> Budget:
    """Return the budget after an answer that was no refusal."""
    return msgspec.structs.replace(budget, refusals=0) if budget.refusals else budget


def retry_after_s(header: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After header means (RFC 9110, 10.2.3), None where it means nothing.

    `now` is unix seconds, as the header may be a date.
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _size(per_s: float) -> float:
    return max(1.0, per_s * BURST_S)


def _filled(budget: Budget, now: float) -> Budget:
    gained = max(0.0, now - budget.filled_at) * budget.per_s
    return msgspec.structs.replace(
        budget, tokens=min(_size(budget.per_s), budget.tokens + gained), filled_at=max(now, budget.filled_at)
    )
