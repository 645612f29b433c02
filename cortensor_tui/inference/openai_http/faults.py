"""What can go wrong between this node and a model server, and how it is told."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Any

import aiohttp
import msgspec

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.json_nesting import is_nested_deeper_than

MAX_NESTING = 64
_MAX_WORDS = 300
_LONGEST_PAUSE_S = 60.0


class Fault(StrEnum):
    """Kinds of failure, by what is to be done about them."""

    UNREACHED = "unreached"
    SILENT = "silent"
    BROKEN_OFF = "broken off"
    LOADING = "loading"
    BUSY = "busy"
    FORBIDDEN = "forbidden"
    NO_SUCH_PATH = "no such path"
    REFUSED = "refused"
    FAILED = "failed"
    GARBLED = "garbled"


class ServerError(Exception):
    """No usable answer came. `why` is inert and holds no address.

    `said` is the server's own error object, {} where it gave none; `pause_s` is for how long it asked to be
    left alone.
    """

    def __init__(
        self, fault: Fault, why: str, said: dict[str, Any] | None = None, pause_s: float | None = None
    ) -> None:
        super().__init__(why)
        self.fault = fault
        self.why = why
        self.said = said or {}
        self.pause_s = pause_s


def told_apart(error: Exception) -> ServerError:
    """Return what a failed connection means; aiohttp's own words would hold the address."""
    if isinstance(error, TimeoutError):
        return ServerError(Fault.SILENT, "it took too long")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return ServerError(Fault.UNREACHED, "its certificate is not trusted here")
    if isinstance(error, aiohttp.ClientSSLError):
        return ServerError(Fault.UNREACHED, "no TLS connection came about")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ServerError(Fault.UNREACHED, "its host name is not known")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return ServerError(Fault.BROKEN_OFF, "it hung up")
    if isinstance(error, aiohttp.ClientPayloadError):
        return ServerError(Fault.BROKEN_OFF, "it hung up in the middle of its answer")
    if isinstance(error, aiohttp.ClientResponseError):
        return ServerError(Fault.GARBLED, "it does not speak HTTP")
    is_unreached = isinstance(error, aiohttp.ClientConnectorError | ValueError)
    fault = Fault.UNREACHED if is_unreached else Fault.BROKEN_OFF
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return ServerError(fault, os.strerror(error.errno).lower())
    return ServerError(fault, type(error).__name__)


def refusal(status: int, body: bytes, retry_after: str | None) -> ServerError:
    """Return what an answer other than 200 means."""
    said = error_object(decoded(body))
    words = words_of(said)
    why = f"HTTP {status}: {words}" if words else f"HTTP {status}"
    return ServerError(_fault_of(status, words), why, said, _pause_s(retry_after))


def decoded(body: bytes) -> Any:
    """Return what a JSON text says. Raises `ServerError` where it is none, or one made to do harm."""
    if is_nested_deeper_than(body, MAX_NESTING):
        raise ServerError(Fault.GARBLED, "it sent JSON that is nested too deeply")
    try:
        return msgspec.json.decode(body)
    except ValueError as error:  # msgspec's errors are ValueErrors, and so are those of UTF-8
        raise ServerError(Fault.GARBLED, "it sent something that is no JSON") from error


def error_object(answer: Any) -> dict[str, Any]:
    """Return the error in an answer, {} where there is none. Servers differ in where they put it."""
    if not isinstance(answer, dict):
        return {}
    error = answer.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"message": error}
    is_bare = "choices" not in answer and ("message" in answer or "detail" in answer)
    return answer if is_bare else {}


def words_of(said: dict[str, Any]) -> str:
    """Return a server's words about an error as one inert line."""
    message = said.get("message", said.get("detail", ""))
    return inert(message.strip(), _MAX_WORDS) if isinstance(message, str) else ""


def _fault_of(status: int, words: str) -> Fault:
    if status == 503 and "load" in words.lower():  # a proxy in front of nothing says 503, too
        return Fault.LOADING
    match status:
        case 429:
            return Fault.BUSY
        case 401 | 403:
            return Fault.FORBIDDEN
        case 404 | 405 | 501:
            return Fault.NO_SUCH_PATH
    if 300 <= status < 500:
        return Fault.REFUSED
    return Fault.FAILED if status >= 500 else Fault.GARBLED


def _pause_s(retry_after: str | None) -> float | None:
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return None  # or a date, which nobody is known to send
    return min(float(retry_after[:6]), _LONGEST_PAUSE_S)
