"""A small JSON-RPC client: batched, bounded in time and size, with errors told apart.

Contract calls through web3 cost about 2 ms of event loop each; a batched raw call costs 0.05.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Sequence
from typing import Any, Protocol

import aiohttp
import msgspec

from cortensor_tui.chain.json_nesting import is_nested_deeper_than
from cortensor_tui.domain.problems import Problem, ProblemError, problem_error

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_NESTING = 64
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

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self.url = url
        self.latency_ms: float | None = None
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: Any) -> Any:
        """Return the result of one call.

        Raises `RpcError` when the endpoint refuses, `ProblemError` when no usable answer came: then what
        was asked may still have happened.
        """
        return result_of(await self._post(self._request(method, params)))

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Return each call's result, or its `RpcError` in place, in the order asked."""
        if not calls:
            return []
        requests = [self._request(method, params) for method, params in calls]
        answers = await self._post(requests)
        if isinstance(answers, dict):  # some endpoints answer a whole batch with one error
            result_of(answers)
        if not isinstance(answers, list):
            raise self._problem("the answer to a batch was not a list")
        by_id = {answer["id"]: answer for answer in answers if _has_plain_id(answer)}
        return [_result_or_error(by_id.get(request["id"])) for request in requests]

    async def send_raw(self, raw: str) -> str:
        """Send a signed transaction, 0x hex, and return its hash as the endpoint tells it."""
        return str(await self.call("eth_sendRawTransaction", raw))

    async def close(self) -> None:
        """Close the connections; the client may be used again after."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    async def _post(self, payload: Any) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        began = time.monotonic()
        try:
            # A redirect would take signed transactions, and the token in the path, to another host.
            posting = self._session.post(self.url, json=payload, allow_redirects=False)
            async with posting as response:
                body = await _read_bounded(response)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._problem(_failure(error)) from error
        self.latency_ms = (time.monotonic() - began) * 1000
        if is_nested_deeper_than(body, MAX_NESTING):
            raise self._problem(f"HTTP {response.status} and JSON nested too deeply")
        try:
            answer = msgspec.json.decode(body)
        except ValueError as error:  # msgspec's errors are ValueErrors
            raise self._problem(f"HTTP {response.status} without JSON") from error
        if not _is_answer(answer):
            raise self._problem(f"HTTP {response.status} and JSON that is no answer to a call")
        return answer

    def _problem(self, why: str) -> ProblemError:
        return problem_error(
            "no_rpc",
            f"The chain endpoint {endpoint_name(self.url)} did not answer",
            why,
            "Check that HOST is right and the endpoint is up; the node keeps trying",
        )


def _failure(error: Exception) -> str:
    """Return what went wrong without the URL, whose path may hold a token."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its host name is not known"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "it hung up"
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno).lower()
    return type(error).__name__


def _is_answer(answer: Any) -> bool:
    if isinstance(answer, list):
        return True
    return isinstance(answer, dict) and ("result" in answer or isinstance(answer.get("error"), dict))


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_chunked(65536):
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is larger than 32 MiB")
        chunks.append(chunk)
    return b"".join(chunks)


def result_of(answer: Any) -> Any:
    """Return the result in a JSON-RPC answer, or raise its `RpcError`."""
    outcome = _result_or_error(answer)
    if isinstance(outcome, RpcError):
        raise outcome
    return outcome


def _result_or_error(answer: Any) -> Any:
    if not isinstance(answer, dict) or not _is_answer(answer):
        return RpcError(-32603, "the endpoint left this call unanswered")
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    code = error.get("code")
    message = str(error.get("message", ""))
    return RpcError(code if isinstance(code, int) else -32603, message, error.get("data"))


def _has_plain_id(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("id"), int)


def quantity(value: Any, most: int = 2**256 - 1) -> int:
    """Return a number from the hex of an answer. Raises `ProblemError` "bad_answer" for anything else."""
    try:
        number = int(value, 16)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= most:
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
