"""What an answer says: an outcome for each call, or that the endpoint failed; and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cortensor_tui.chain.endpoints.refusals import is_batch_too_large, is_rate_limit
from cortensor_tui.chain.rpc.client import quantity
from cortensor_tui.chain.rpc.exchange import ExchangeError
from cortensor_tui.chain.rpc.json_rpc import UNANSWERED, Call, RpcError, outcome_of, outcomes_of
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import ProblemError

LARGEST_NUMBER = 2**63 - 1
MOST_WORDS = 200


def outcomes_in(answer: Any, count: int) -> list[Any]:
    """Return each call's outcome, `UNANSWERED` where it has none.

    Raises `ExchangeError` where the answer tells of the endpoint rather than of the calls.
    """
    if isinstance(answer, dict):
        return _outcomes_alike(outcome_of(answer), count)
    outcomes = outcomes_of(answer, count)
    if all(outcome is UNANSWERED for outcome in outcomes):
        raise ExchangeError(EndpointFault.BAD_JSON, "it left every call unanswered")
    return outcomes


def head_in(calls: Sequence[Call], outcomes: Sequence[Any]) -> int | None:
    """Return the head that the outcomes tell of, the last where they tell of more, None where of none."""
    head: int | None = None
    for (method, params), outcome in zip(calls, outcomes, strict=True):
        number = outcome if method == "eth_blockNumber" else None
        if method == "eth_getBlockByNumber" and params[0] == "latest" and isinstance(outcome, dict):
            number = outcome.get("number")
        if isinstance(number, str):
            try:
                head = quantity(number, LARGEST_NUMBER)
            except ProblemError:  # whoever asked for it will say so
                continue
    return head


def _outcomes_alike(outcome: Any, count: int) -> list[Any]:
    """Return the one outcome that answers every call: an error may stand for a whole batch."""
    if isinstance(outcome, RpcError):
        if is_rate_limit(outcome):
            raise ExchangeError(EndpointFault.RATE_LIMITED, outcome.message[:MOST_WORDS])
        if count > 1 and is_batch_too_large(outcome):
            raise ExchangeError(EndpointFault.TOO_LARGE, outcome.message[:MOST_WORDS])
        return [outcome] * count
    if count > 1:
        raise ExchangeError(EndpointFault.BAD_JSON, "the answer to a batch was not a list")
    return [outcome]
