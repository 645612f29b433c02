"""JSON-RPC 2.0 as data: calls to requests, answers to outcomes. Nothing here is trusted to have its shape."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from cortensor_tui.domain.problems import Problem, ProblemError

INTERNAL_ERROR = -32603
Call = tuple[str, Sequence[Any]]


class RpcError(ProblemError):
    """The endpoint answered with a JSON-RPC error; `data` holds revert bytes as 0x hex where it gave any."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(
            Problem(code="rpc_refused", what="The chain endpoint refused a call", why=message[:500])
        )
        self.code = code
        self.message = message
        self.data = data


class Unanswered(Enum):
    """In the place of an outcome: the endpoint left this call out of its answer to the batch."""

    UNANSWERED = "unanswered"


UNANSWERED = Unanswered.UNANSWERED


def request(call: Call, number: int = 1) -> dict[str, Any]:
    """Return one call as it is sent."""
    return {"jsonrpc": "2.0", "id": number, "method": call[0], "params": list(call[1])}


def requests(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Return a batch as it is sent; ids count from 1."""
    return [request(call, number) for number, call in enumerate(calls, 1)]


def is_answer(answer: Any) -> bool:
    """Tell whether this answers one call."""
    return isinstance(answer, dict) and ("result" in answer or isinstance(answer.get("error"), dict))


def outcome_of(answer: Any) -> Any:
    """Return the result in one answer, or its `RpcError`, or `UNANSWERED` where it has neither."""
    if not is_answer(answer):
        return UNANSWERED
    error = answer.get("error")
    if error is None:
        return answer["result"]
    if not isinstance(error, dict):
        return RpcError(INTERNAL_ERROR, str(error))
    code = error.get("code")
    return RpcError(
        code if isinstance(code, int) else INTERNAL_ERROR, str(error.get("message", "")), error.get("data")
    )


def outcomes_of(answers: Sequence[Any], count: int) -> list[Any]:
    """Return the outcome of each of a batch's calls in the order asked; the answers may come in any.

    A call answered twice in two ways counts as unanswered: one of the answers is not its own.
    """
    found: list[Any] = [None] * count
    for answer in answers:
        number = answer.get("id") if isinstance(answer, dict) else None
        if type(number) is not int or not 1 <= number <= count:
            continue
        before = found[number - 1]
        found[number - 1] = answer if before is None or before == answer else UNANSWERED
    return [outcome_of(answer) for answer in found]


def told(outcome: Any) -> Any:
    """Return an outcome for a caller that knows no `UNANSWERED`: an `RpcError` in its place."""
    if outcome is UNANSWERED:
        return RpcError(INTERNAL_ERROR, "the endpoint left this call unanswered")
    return outcome


def result_of(outcome: Any) -> Any:
    """Return an outcome's result, or raise its `RpcError`."""
    outcome = told(outcome)
    if isinstance(outcome, RpcError):
        raise outcome
    return outcome
