"""What can be wrong between a node and its chain endpoint: first the line, then what is said on it."""

from __future__ import annotations

import msgspec


class Latency(msgspec.Struct, frozen=True):
    """Each answer comes late, by `delay_s` and up to `jitter_s` more."""

    delay_s: float
    jitter_s: float = 0.0


class Sliced(msgspec.Struct, frozen=True):
    """Answers come in small pieces with a pause after each: a slow line."""

    piece_bytes: int
    pause_s: float


class Cut(msgspec.Struct, frozen=True):
    """Nobody listens, and what was connected is not any more."""


class Silent(msgspec.Struct, frozen=True):
    """Connections and requests are taken and never answered. What was asked is not passed on."""


class Reset(msgspec.Struct, frozen=True):
    """The connection is reset (RST) instead of an answer; with `is_passed_on` the chain has acted by then."""

    share: float = 1.0
    is_passed_on: bool = False


class Truncated(msgspec.Struct, frozen=True):
    """The connection ends after this many bytes of an answer."""

    most_bytes: int


class RateLimited(msgspec.Struct, frozen=True):
    """More than `per_s` requests in a second are answered with 429 and Retry-After."""

    retry_after_s: int = 1
    per_s: int = 0


class StaleHead(msgspec.Struct, frozen=True):
    """The endpoint goes on telling the chain as it was when this began."""


class MissingLog(msgspec.Struct, frozen=True):
    """This share of the logs is left out, each one as long as this lasts."""

    share: float = 0.5


class DuplicateLog(msgspec.Struct, frozen=True):
    """Every log comes twice."""


class DroppedSend(msgspec.Struct, frozen=True):
    """A transaction is accepted, its hash told, and then forgotten."""


class ErrorAfterAcceptance(msgspec.Struct, frozen=True):
    """A transaction is accepted by the chain, and the sender is told of an error."""


class WrongNonce(msgspec.Struct, frozen=True):
    """The counts of transactions are off by this much."""

    off_by: int = -1


Fault = (
    Latency
    | Sliced
    | Cut
    | Silent
    | Reset
    | Truncated
    | RateLimited
    | StaleHead
    | MissingLog
    | DuplicateLog
    | DroppedSend
    | ErrorAfterAcceptance
    | WrongNonce
)
