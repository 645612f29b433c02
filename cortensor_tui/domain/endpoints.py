"""The chain's endpoints as a person meets them: which is asked, which rests, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class EndpointState(StrEnum):
    """What the node does with an endpoint now."""

    IN_USE = "in use"
    STANDBY = "standby"
    UNKNOWN = "unknown"
    RESTING = "resting"
    PROBING = "probing"
    WRONG_CHAIN = "wrong chain"


class EndpointFault(StrEnum):
    """The kinds of trouble an endpoint gives."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    DNS = "dns"
    DISCONNECTED = "disconnected"
    HTTP_STATUS = "http status"
    RATE_LIMITED = "rate limited"
    BAD_JSON = "bad json"
    TOO_LARGE = "too large"
    WRONG_CHAIN = "wrong chain"
    STALE_HEAD = "stale head"


class EndpointHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint as last seen. Times are unix seconds; what is not known is None.

    `name` is scheme, host and port: a path may hold a token. `fault`, `error` and `error_at` tell of the last
    trouble, which may be over. `requests_per_s` is the most the node asks of it.
    """

    name: str
    state: EndpointState
    head_number: int | None = None
    latency_ms: float | None = None
    fault: EndpointFault | None = None
    error: str = ""
    error_at: float | None = None
    resting_until: float | None = None
    requests_last_minute: int = 0
    requests_per_s: float | None = None
