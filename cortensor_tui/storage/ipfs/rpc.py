"""The HTTP RPC of one IPFS node: the few calls that are needed, bounded in time and size.

After Kubo's RPC reference (docs.ipfs.tech/reference/kubo/rpc); js-ipfs serves the same calls.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import msgspec

from cortensor_tui.domain.inert import inert
from cortensor_tui.domain.json_nesting import is_nested_deeper_than
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.settings.kinds import mask_url
from cortensor_tui.storage.content_id import ContentId, parse_content_id
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.unixfs import CHUNK_BYTES

CONNECT_S = 5.0
MOST_BLOCK_BYTES = 2 * 1024 * 1024 + 4096  # what IPFS nodes pass on among themselves, and its wrapping
_MOST_WORDS_BYTES = 1024 * 1024  # a list of many peers
_MOST_SAID = 300
_MOST_NESTING = 64
_NO_DISK_BYTES = 2**50
_T = TypeVar("_T")


class RepoSize(msgspec.Struct, frozen=True, rename="pascal"):
    """What a node uses of its disk, and from where on it collects garbage; None where it does not tell."""

    repo_size: int
    storage_max: int | None = None

    @property
    def limit_bytes(self) -> int | None:
        """Return the limit; what is larger than any disk is none."""
        return None if self.storage_max is None or self.storage_max > _NO_DISK_BYTES else self.storage_max


class _Version(msgspec.Struct, frozen=True, rename="pascal"):
    version: str


class _Added(msgspec.Struct, frozen=True, rename="pascal"):
    hash: str = ""


class _Peers(msgspec.Struct, frozen=True, rename="pascal"):
    peers: list[Any] | None = None


class _Refusal(msgspec.Struct, frozen=True, rename="pascal"):
    message: str = ""


class IpfsRpc:
    """One node. `name` is its address without what may be a token; every call raises `ProblemError`.

    Each call has a connection of its own: some servers hang up on the second of two that follow at once.
    """

    def __init__(self, url: str) -> None:
        self.name = mask_url(url)
        self._base = url.rstrip("/") + "/api/v0/"
        self._session: aiohttp.ClientSession | None = None

    async def version(self) -> str:
        """Return the version that the node says it has."""
        return inert((await self._told("version", _Version)).version, 40)

    async def peer_count(self) -> int:
        """Return how many others it is connected with. One that keeps to itself refuses."""
        return len((await self._told("swarm/peers", _Peers)).peers or ())

    async def repo_size(self) -> RepoSize:
        """Return how large its repository is."""
        return await self._told("repo/stat", RepoSize, {"size-only": "true"})

    async def add(self, data: bytes) -> ContentId:
        """Add and pin a file, cut as `unixfs.file_id` reckons; return the id that the node gave it."""
        form = aiohttp.FormData()
        form.add_field("file", data, filename="payload", content_type="application/octet-stream")
        options = {"cid-version": "1", "raw-leaves": "true", "chunker": f"size-{CHUNK_BYTES}", "pin": "true"}
        async with self._call("add", {**options, "progress": "false"}, form) as response:
            body = await self._bounded(response, _MOST_WORDS_BYTES, "what it answers is too long")
        added = [self._decoded(line, _Added).hash for line in body.splitlines() if line.strip()]
        if not added or not added[-1]:
            raise problems.bad_answer(self.name, "it took a file and named no id")
        try:
            return parse_content_id(added[-1])
        except ValueError as error:
            raise problems.bad_answer(
                self.name, f"it took a file and named an id that is none: {error}"
            ) from error

    async def block(self, content_id: ContentId) -> bytes:
        """Return one block as the node gives it, unchecked."""
        async with self._call("block/get", {"arg": str(content_id)}) as response:
            return await self._bounded(response, MOST_BLOCK_BYTES, "a block is larger than nodes may pass on")

    async def unpin(self, cid: str) -> None:
        """Let the node forget a payload when it needs room; one that is not pinned is as good."""
        try:
            async with self._call("pin/rm", {"arg": cid}) as response:
                await self._bounded(response, _MOST_WORDS_BYTES, "what it answers is too long")
        except ProblemError as error:
            if "not pinned" not in error.problem.why:
                raise

    async def close(self) -> None:
        """Close what is open; it may be used again after."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _told(self, call: str, shape: type[_T], options: dict[str, str] | None = None) -> _T:
        async with self._call(call, options or {}) as response:
            body = await self._bounded(response, _MOST_WORDS_BYTES, "what it answers is too long")
        return self._decoded(body, shape)

    @asynccontextmanager
    async def _call(
        self, call: str, options: dict[str, str], form: aiohttp.FormData | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        # The caller bounds the whole; a host that swallows packets is given up sooner.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
        try:
            asking = self._session.post(
                self._base + call, params=options, data=form, allow_redirects=False, timeout=timeout
            )
            async with asking as response:
                if response.status != 200:
                    raise await self._refusal(response)
                yield response
        except aiohttp.ServerTimeoutError as error:
            raise problems.unreachable(self.name, f"no connection in {CONNECT_S:g} s") from error
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL) as error:
            raise problems.unreachable(self.name, _why(error)) from error
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError) as error:
            raise problems.hung_up(self.name) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise problems.unreachable(self.name, _why(error)) from error

    async def _refusal(self, response: aiohttp.ClientResponse) -> ProblemError:
        body = await response.content.read(4096)
        try:
            said = _decode(body, _Refusal).message
        except ValueError:
            said = body.decode("utf-8", "replace")
        return problems.refused(self.name, response.status, inert(said.strip(), _MOST_SAID))

    async def _bounded(self, response: aiohttp.ClientResponse, most_bytes: int, why: str) -> bytes:
        pieces, size = [], 0
        async for piece in response.content.iter_any():
            size += len(piece)
            if size > most_bytes:
                raise problems.bad_answer(self.name, why)
            pieces.append(piece)
        return b"".join(pieces)

    def _decoded(self, body: bytes, shape: type[_T]) -> _T:
        try:
            return _decode(body, shape)
        except ValueError as error:
            raise problems.bad_answer(self.name, "it is not the JSON that such a node gives") from error


def _decode(body: bytes, shape: type[_T]) -> _T:
    """Return what JSON says. Raises `ValueError` for what is none, or nested so deep that decoding would."""
    if is_nested_deeper_than(body, _MOST_NESTING):
        raise ValueError("it is nested too deep")
    return msgspec.json.decode(body, type=shape, strict=False)  # some write numbers as texts


def _why(error: Exception) -> str:
    """Return what went wrong without the URL, which may hold a token."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its host name is not known"
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno).lower()
    return type(error).__name__
