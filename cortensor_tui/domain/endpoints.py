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


class EndpointReport(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint in full, as the network screen shows it; counts are since the node started.

    `requests_left` is what its budget lets through at once, below 0 after sends, which wait for nobody.
    `failures_in_a_row` are those that the breaker counts; `probe_at` is when it lets one probe through, and
    `paused_until` when a pause ends that the endpoint asked for, unix seconds.
    """

    health: EndpointHealth
    blocks_behind: int | None = None
    requests_left: float = 0.0
    requests: int = 0
    failures: int = 0
    failures_in_a_row: int = 0
    probe_at: float | None = None
    paused_until: float | None = None
    sends_taken: int = 0
    sends_not_taken: int = 0
    chain_id: int | None = None
    genesis_hash: str | None = None


NO_WEBSOCKET = "polled, no WebSocket there"
"""How a feed stands that nobody set, where the endpoint has none: nothing is wrong."""


class HeadFeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The WebSocket that tells of news. `name` is scheme, host and port; times are unix seconds."""

    name: str
    health: str
    connected_at: float | None = None
    news_at: float | None = None
    news: int = 0
    losses: int = 0
