"""Refusals of how often or how much was asked, told by their words: providers agree on no code."""

from __future__ import annotations

from cortensor_tui.chain.rpc.json_rpc import RpcError

_RATE_CODES = frozenset({429, -32029})
_RATE_WORDS = (
    "too many requests",
    "rate limit",
    "rate-limit",
    "ratelimit",
    "requests per second",
    "request limit",
    "capacity exceeded",
    "compute units per second",
)
_SIZE_WORDS = ("too large", "too many", "limit", "exceed", "maximum", "not supported", "disabled")


def is_rate_limit(error: RpcError) -> bool:
    """Tell whether it means what HTTP 429 means."""
    message = error.message.lower()
    return error.code in _RATE_CODES or any(words in message for words in _RATE_WORDS)


def is_batch_too_large(error: RpcError) -> bool:
    """Tell whether a smaller batch may be taken; answered to a whole batch."""
    message = error.message.lower()
    return "batch" in message and any(words in message for words in _SIZE_WORDS)
