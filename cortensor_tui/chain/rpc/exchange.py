"""One HTTP request and its answer: bounded in time and size, every kind of failure told apart."""

from __future__ import annotations

import os
import time
from typing import Any

import aiohttp
import msgspec

from cortensor_tui.chain.rpc.json_rpc import is_answer
from cortensor_tui.domain.endpoints import EndpointFault
from cortensor_tui.domain.json_nesting import is_nested_deeper_than

MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_NESTING = 64
# A process that runs keeps its time limits far better; one that was stopped finds them all run out at once.
STOOD_STILL_FROM_S = 1.0
_JSON = {"Content-Type": "application/json"}
_OF_A_STANDSTILL = frozenset({EndpointFault.TIMEOUT, EndpointFault.DISCONNECTED})
_GATEWAY_FAULTS = frozenset({502, 503, 504})  # the words come from a proxy, whatever they look like


class ExchangeError(Exception):
    """No usable answer came. `why` never holds the URL; `retry_after` is the header as it came."""

    def __init__(self, fault: EndpointFault, why: str, retry_after: str | None = None) -> None:
        super().__init__(why)
        self.fault = fault
        self.why = why
        self.retry_after = retry_after


class HttpExchange:
    """Posts JSON to one URL over kept connections. `latency_ms` is how long the last answer took."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None
        self.latency_ms: float | None = None

    async def post(self, payload: Any, timeout_s: float) -> Any:
        """Return the decoded answer. Raises `ExchangeError`: what was asked may still have happened.

        A time limit that ran out while this process stood still says nothing of the endpoint, which is asked
        again. A transaction may so be sent twice; the second time it is known already.
        """
        began = time.monotonic()
        try:
            return await self._post_once(payload, timeout_s)
        except ExchangeError as error:
            late_s = time.monotonic() - began - timeout_s
            if late_s < STOOD_STILL_FROM_S or error.fault not in _OF_A_STANDSTILL:
                raise
        return await self._post_once(payload, timeout_s)

    async def _post_once(self, payload: Any, timeout_s: float) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=_JSON, cookie_jar=aiohttp.DummyCookieJar())
        began = time.monotonic()
        try:
            # A redirect would take signed transactions, and the token in the path, to another host.
            posting = self._session.post(
                self._url,
                data=msgspec.json.encode(payload),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            )
            async with posting as response:
                _check_status(response)
                body = await _read_bounded(response)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _told_apart(error) from error
        self.latency_ms = (time.monotonic() - began) * 1000
        return _decoded(body, response.status)

    async def close(self) -> None:
        """Close the connections; it may be used again after."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _check_status(response: aiohttp.ClientResponse) -> None:
    status = response.status
    if status == 429:
        retry_after = response.headers.get("Retry-After")
        raise ExchangeError(EndpointFault.RATE_LIMITED, "HTTP 429: too many requests", retry_after)
    if status == 413:
        raise ExchangeError(EndpointFault.TOO_LARGE, "HTTP 413: the request is too large for it")
    if 300 <= status < 400:
        raise ExchangeError(EndpointFault.HTTP_STATUS, f"HTTP {status}: it sends elsewhere")
    if status in _GATEWAY_FAULTS:
        raise ExchangeError(EndpointFault.HTTP_STATUS, f"HTTP {status}")


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise ExchangeError(EndpointFault.TOO_LARGE, "its answer is larger than 32 MiB")
        chunks.append(chunk)
    return b"".join(chunks)


def _decoded(body: bytes, status: int) -> Any:
    # With an odd status the body may be anybody's; 200 without JSON-RPC is a broken or a captive endpoint.
    fault = EndpointFault.BAD_JSON if status == 200 else EndpointFault.HTTP_STATUS
    if is_nested_deeper_than(body, MAX_NESTING):
        raise ExchangeError(fault, f"HTTP {status} and JSON nested too deeply")
    try:
        answer = msgspec.json.decode(body)
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise ExchangeError(fault, f"HTTP {status} without JSON") from error
    if not isinstance(answer, list) and not is_answer(answer):
        raise ExchangeError(fault, f"HTTP {status} and JSON that is no answer to a call")
    return answer


def _told_apart(error: Exception) -> ExchangeError:
    """Return what went wrong without the URL, whose path may hold a token."""
    if isinstance(error, TimeoutError):
        return ExchangeError(EndpointFault.TIMEOUT, "it took too long")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ExchangeError(EndpointFault.DNS, "its host name is not known")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return ExchangeError(EndpointFault.DISCONNECTED, "it hung up")
    if isinstance(error, aiohttp.ClientPayloadError):
        return ExchangeError(EndpointFault.DISCONNECTED, "it hung up in the middle of its answer")
    if isinstance(error, aiohttp.ClientResponseError):
        return ExchangeError(EndpointFault.BAD_JSON, "it does not speak HTTP")
    is_unreached = isinstance(error, aiohttp.ClientConnectorError | ValueError)
    fault = EndpointFault.REFUSED if is_unreached else EndpointFault.DISCONNECTED
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return ExchangeError(fault, os.strerror(error.errno).lower())
    return ExchangeError(fault, type(error).__name__)
