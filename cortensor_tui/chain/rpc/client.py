"""How the chain is asked: the face that every endpoint and every pool of them has, and one endpoint alone.

Contract calls through web3 cost about 2 ms of event loop each; a batched raw call costs 0.05.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from cortensor_tui.chain.rpc.exchange import ExchangeError, HttpExchange
from cortensor_tui.chain.rpc.json_rpc import (
    Call,
    RpcError,
    outcome_of,
    outcomes_of,
    request,
    requests,
    result_of,
    told,
)
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error

__all__ = ["Call", "EndpointError", "Rpc", "RpcClient", "RpcError", "endpoint_name", "quantity"]

CALL_TIMEOUT_S = 10.0
_FAILINGS = {
    EndpointFault.HTTP_STATUS: "refused to answer",
    EndpointFault.BAD_JSON: "gave no usable answer",
    EndpointFault.TOO_LARGE: "gave no usable answer",
    EndpointFault.STALE_HEAD: "lags behind",
}
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")


class EndpointError(ProblemError):
    """No usable answer came: what was asked may still have happened."""

    def __init__(self, problem: Problem, fault: EndpointFault) -> None:
        super().__init__(problem)
        self.fault = fault


class Rpc(Protocol):
    """What whoever reads or writes the chain needs: one endpoint, or a pool of them."""

    @property
    def url(self) -> str:
        """Return the endpoint in use; its path may hold a token, so show `endpoint_name(url)`."""

    @property
    def latency_ms(self) -> float | None:
        """Return how long that endpoint takes to answer, None before its first answer."""

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call.

        Raises `RpcError` when the endpoint refuses, `ProblemError` when no usable answer came: then what
        was asked may still have happened.
        """

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Return each call's result, or its `RpcError` in place, in the order asked."""

    async def send_raw(self, raw: str) -> str:
        """Send a signed transaction, 0x hex, and return its hash as the endpoint tells it.

        Raises `RpcError` when it was refused, `ProblemError` when that is not known: it may be under way.
        """

    async def close(self) -> None:
        """Close the connections."""


class RpcClient:
    """Speaks to one endpoint. Every call is bounded by `timeout_s`."""

    def __init__(self, url: str, timeout_s: float = CALL_TIMEOUT_S) -> None:
        self.url = url
        self._exchange = HttpExchange(url)
        self._timeout_s = timeout_s

    @property
    def latency_ms(self) -> float | None:
        """Return how long its last answer took."""
        return self._exchange.latency_ms

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call. Raises as `Rpc.call` does."""
        return result_of(outcome_of(await self._post(request((method, params)))))

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Return each call's result, or its `RpcError` in place, in the order asked."""
        if not calls:
            return []
        answers = await self._post(requests(calls))
        if isinstance(answers, dict):  # some endpoints answer a whole batch with one error
            result_of(outcome_of(answers))
            raise self._problem("the answer to a batch was not a list", EndpointFault.BAD_JSON)
        return [told(outcome) for outcome in outcomes_of(answers, len(calls))]

    async def send_raw(self, raw: str) -> str:
        """Send a signed transaction. Raises as `Rpc.send_raw` does."""
        return str(await self.call("eth_sendRawTransaction", raw))

    async def close(self) -> None:
        """Close the connections; the client may be used again after."""
        await self._exchange.close()

    async def _post(self, payload: Any) -> Any:
        try:
            return await self._exchange.post(payload, self._timeout_s)
        except ExchangeError as error:
            raise self._problem(error.why, error.fault) from error

    def _problem(self, why: str, fault: EndpointFault = EndpointFault.DISCONNECTED) -> EndpointError:
        return EndpointError(no_answer(endpoint_name(self.url), why, fault), fault)


def no_answer(name: str, why: str, fault: EndpointFault) -> Problem:
    """Return the problem of an endpoint that gave no usable answer."""
    if fault is EndpointFault.RATE_LIMITED:
        return Problem(
            code="no_rpc",
            what=f"The chain endpoint {name} refuses requests as too many",
            why=why,
            remedy="The node asks again after the pause. Lower CORTENSOR_TUI_REQUESTS_PER_S, or add "
            "endpoints with RPC_HOST_0 and ENABLE_MULTIPLE_RPC_HOST",
        )
    return Problem(
        code="no_rpc",
        what=f"The chain endpoint {name} {_FAILINGS.get(fault, 'did not answer')}",
        why=why,
        remedy="Check its address in the settings and that it is up; the node keeps trying",
    )


def quantity(value: Any, most: int = 2**256 - 1) -> int:
    """Return a number from the hex of an answer. Raises `ProblemError` "bad_answer" for anything else."""
    number = int(value, 16) if isinstance(value, str) and _QUANTITY.fullmatch(value) else None
    if number is None or number > most:
        raise problem_error(
            "bad_answer",
            "The chain endpoint answered something that is no number",
            repr(value)[:80],
            "Use another endpoint if this does not pass",
        )
    return number


def endpoint_name(url: str) -> str:
    """Return scheme, host and port of an endpoint: paths and queries often hold access tokens."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('/')[0].split('?')[0].rsplit('@')[-1]}"
