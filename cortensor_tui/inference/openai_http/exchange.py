"""Requests to a model server: each on a connection of its own, and bounded in time and size."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import aiohttp

from cortensor_tui.inference.openai_http.faults import Fault, ServerError, decoded, refusal, told_apart

MAX_ANSWER_BYTES = 8 * 1024 * 1024
_MAX_REFUSAL_BYTES = 64 * 1024
_REFUSAL_S = 5.0
_LARGE_BYTES = 1024 * 1024
_CONNECTION_FAILURES = (TimeoutError, aiohttp.ClientError, OSError, ValueError)
_HIDDEN = "(hidden)"


class Exchange:
    """Speaks to one server; `open` comes first.

    No connection is used twice: llama-server closes kept ones while the next request is on its way, which
    looks like a server that died (ggml-org/llama.cpp issue 7694). A new one costs less than a millisecond
    nearby.
    """

    def __init__(self, url: str, token: Callable[[], str] = lambda: "") -> None:
        self._base = base_of(url)
        self._read_token = token
        self._token = ""
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Begin, with the token as it is now. Raises `ProblemError` where that cannot be read."""
        await self.close()
        self._token = self._read_token()
        # What a server compresses could be of any size when it is unpacked, so none is asked for or unpacked.
        headers = {"Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
        )

    async def close(self) -> None:
        """Drop every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, path: str, timeout_s: float) -> Any:
        """Return the JSON that is at a path. Raises `ServerError`."""
        return decoded(await self._body("GET", path, None, timeout_s))

    async def get_text(self, path: str, timeout_s: float) -> bytes:
        """Return what is at a path, whatever it is. Raises `ServerError`."""
        return await self._body("GET", path, None, timeout_s)

    async def post_whole(self, path: str, body: bytes, timeout_s: float) -> Any:
        """Post JSON and return the answer's. Raises `ServerError`."""
        return decoded(await self._body("POST", path, body, timeout_s))

    async def _body(self, method: str, path: str, body: bytes | None, timeout_s: float) -> bytes:
        async with self._answer(method, path, body, timeout_s) as response:
            try:
                async with asyncio.timeout(timeout_s):
                    return await _whole(response, MAX_ANSWER_BYTES)
            except _CONNECTION_FAILURES as error:
                raise told_apart(error) from error

    @asynccontextmanager
    async def post(self, path: str, body: bytes, answer_s: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """Post JSON and give the answer in pieces as they come. Leaving drops the connection at once.

        `answer_s` bounds the wait for the status; the caller bounds the rest. Raises `ServerError`, while the
        pieces are read as well.
        """
        async with (
            self._answer("POST", path, body, answer_s) as response,
            aclosing(_pieces(response)) as pieces,
        ):
            try:
                yield pieces
            except ServerError as error:  # of what was read in the pieces, too
                raise self._hidden(error) from None

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, body: bytes | None, answer_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise ServerError(Fault.UNREACHED, "the engine is stopped")
        # aiohttp writes bytes in one go, which would hold up the event loop; a stream it writes in parts.
        data = io.BytesIO(body) if body is not None and len(body) > _LARGE_BYTES else body
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with asyncio.timeout(answer_s):
                # A redirect would take prompts and the token to another host.
                response = await self._session.request(
                    method, self._base + path, data=data, headers=headers, allow_redirects=False
                )
        except _CONNECTION_FAILURES as error:
            raise told_apart(error) from error
        try:
            if response.status != 200:
                raise await self._refusal(response)
            yield response
        finally:
            response.close()

    async def _refusal(self, response: aiohttp.ClientResponse) -> ServerError:
        try:
            async with asyncio.timeout(_REFUSAL_S):
                body = await _whole(response, _MAX_REFUSAL_BYTES)
            error = refusal(response.status, body, response.headers.get("Retry-After"))
        except (*_CONNECTION_FAILURES, ServerError):  # the status says enough
            error = refusal(response.status, b"{}", response.headers.get("Retry-After"))
        return self._hidden(error)

    def _hidden(self, error: ServerError) -> ServerError:
        if self._token:  # some repeat what they refuse
            error.why = error.why.replace(self._token, _HIDDEN)
        return error


def base_of(url: str) -> str:
    """Return where the paths of a server begin; people also write its address with /v1 at the end."""
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


async def _pieces(response: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in response.content.iter_any():
            yield piece
    except _CONNECTION_FAILURES as error:
        raise told_apart(error) from error


async def _whole(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > most_bytes:
            raise ServerError(Fault.GARBLED, f"its answer is larger than {most_bytes // 1024} KiB")
        pieces.append(piece)
    return b"".join(pieces)
