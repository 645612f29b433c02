"""The part of the Docker Engine API that an engine needs, over a Unix socket; Podman's service speaks it too.

Facts from https://docs.docker.com/reference/api/engine/version/v1.47/. Every answer is bounded in size, every
request in time, but for those that last as long as what they follow: a pull, a log, the wait for an end.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from cortensor_tui.inference.container.docker_errors import (
    DockerError,
    DockerRefusedError,
    DockerUnreachableError,
)
from cortensor_tui.inference.container.docker_stream import LogFrames
from cortensor_tui.inference.container.docker_types import (
    Container,
    Created,
    Image,
    Listed,
    Refusal,
    Version,
    Waited,
)

NEWEST_VERSION = (1, 47)
"""The newest version of the API that this was written to; an older engine is asked in its own."""

_MOST_ANSWER_BYTES = 4 * 1024 * 1024
_MOST_PULL_LINE_BYTES = 64 * 1024
_CHUNK_BYTES = 16 * 1024
_VERSION = re.compile(r"(\d{1,3})\.(\d{1,3})")

T = TypeVar("T")


class DockerApi:
    """One engine behind one socket. Every method raises `DockerError` where it says nothing else.

    Connections are made anew for each request, so that an engine that was restarted is simply asked again.
    """

    def __init__(self, socket_path: Path, *, request_s: float = 30.0, silent_pull_s: float = 300.0) -> None:
        self.socket_path = socket_path
        self._request_s = request_s
        self._silent_pull_s = silent_pull_s
        self._session: aiohttp.ClientSession | None = None
        self._prefix = ""

    async def close(self) -> None:
        """Let go of the socket; the next request opens it again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def version(self) -> Version:
        """Say which engine this is, and agree on the API's version with it anew."""
        self._prefix = ""
        return await self._json("GET", "/version", Version)

    async def image(self, name: str) -> Image | None:
        """Return an image of this machine, None where it is not here."""
        return await self._json_or_none(f"/images/{quote(name, safe='/:@')}/json", Image)

    async def pull(self, name: str) -> AsyncGenerator[bytes, None]:
        """Fetch an image from its registry; yield what is told meanwhile, see `PullProgress`."""
        timeout = aiohttp.ClientTimeout(total=None, sock_read=self._silent_pull_s)
        async with self._ask(
            "POST", "/images/create", params={"fromImage": with_tag(name)}, timeout=timeout
        ) as answer:
            held = b""
            async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                *lines, held = (held + chunk).split(b"\n")
                for line in lines:
                    yield line
                held = held[:_MOST_PULL_LINE_BYTES]
            yield held

    async def ids_with(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """Return the containers that have all these labels, whether they run or not."""
        wanted = {"label": [f"{name}={value}" for name, value in labels.items()]}
        params = {"all": "true", "filters": msgspec.json.encode(wanted).decode()}
        listed = await self._json("GET", "/containers/json", list[Listed], params=params)
        return tuple(one.id for one in listed)

    async def create(self, name: str, body: Mapping[str, Any]) -> str:
        """Make a container and return its id. Status 404 is an absent image, 409 a name that is taken."""
        created = await self._json("POST", "/containers/create", Created, params={"name": name}, body=body)
        return created.id

    async def start(self, container_id: str) -> None:
        """Start a container."""
        await self._done("POST", f"/containers/{container_id}/start")

    async def inspect(self, container: str) -> Container | None:
        """Return a container by id or name as it is now, None where it is not there."""
        return await self._json_or_none(f"/containers/{container}/json", Container)

    async def wait(self, container_id: str) -> None:
        """Return as soon as a container has ended."""
        timeout = aiohttp.ClientTimeout(total=None)
        await self._json("POST", f"/containers/{container_id}/wait", Waited, timeout=timeout)

    async def log(self, container_id: str, since_s: int) -> AsyncGenerator[bytes, None]:
        """Yield what a container writes, both streams, from a second on until it ends."""
        params = {"follow": "true", "stdout": "true", "stderr": "true", "since": str(since_s)}
        timeout = aiohttp.ClientTimeout(total=None)
        frames = LogFrames()
        async with self._ask(
            "GET", f"/containers/{container_id}/logs", params=params, timeout=timeout
        ) as answer:
            async for chunk in answer.content.iter_any():
                for piece in frames.feed(chunk):
                    yield piece

    async def stop(self, container_id: str, grace_s: int) -> None:
        """Ask a container to end, and end it by force after the grace. One that is gone is fine."""
        timeout = aiohttp.ClientTimeout(total=self._request_s + grace_s)
        await self._done(
            "POST", f"/containers/{container_id}/stop", params={"t": str(grace_s)}, timeout=timeout
        )

    async def kill(self, container_id: str) -> None:
        """End a container at once. Refused where it has ended already."""
        async with self._ask("POST", f"/containers/{container_id}/kill", params={"signal": "SIGKILL"}):
            pass

    async def remove(self, container_id: str) -> None:
        """Remove a container and its unnamed volumes. One that is gone is fine."""
        await self._done("DELETE", f"/containers/{container_id}", params={"force": "true", "v": "true"})

    # --- requests --------------------------------------------------------------------------------

    async def _json(self, method: str, path: str, kind: type[T], **more: Any) -> T:
        async with self._ask(method, path, **more) as answer:
            return await _decoded(answer, kind)

    async def _json_or_none(self, path: str, kind: type[T]) -> T | None:
        try:
            return await self._json("GET", path, kind)
        except DockerRefusedError as error:
            if error.status == 404:
                return None
            raise

    async def _done(self, method: str, path: str, **more: Any) -> None:
        """Ask for something to be so: 304, 404 and 409 say that it is already, or can be no more."""
        try:
            async with self._ask(method, path, **more):
                pass
        except DockerRefusedError as error:
            is_start = path.endswith("/start")
            if error.status != 304 and (is_start or error.status not in (404, 409)):
                raise

    @asynccontextmanager
    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        timeout: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        prefix = await self._agreed_prefix()
        timeout = timeout or aiohttp.ClientTimeout(total=self._request_s)
        data = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            async with self._open().request(
                method, f"{prefix}{path}", params=params, data=data, headers=headers, timeout=timeout
            ) as answer:
                if answer.status >= 300:
                    raise await _refusal(answer)
                yield answer
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unreachable(error) from error

    async def _agreed_prefix(self) -> str:
        """Agree on a version once, as Docker's own client does: the engine's, or ours where that is older."""
        if not self._prefix:
            timeout = aiohttp.ClientTimeout(total=self._request_s)
            try:
                async with self._open().get("/_ping", timeout=timeout) as answer:
                    found = _VERSION.fullmatch(answer.headers.get("Api-Version", ""))
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                raise _unreachable(error) from error
            told = NEWEST_VERSION if found is None else (int(found[1]), int(found[2]))
            major, minor = min(told, NEWEST_VERSION)
            self._prefix = f"/v{major}.{minor}"
        return self._prefix

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                base_url="http://docker",
                connector=aiohttp.UnixConnector(str(self.socket_path), force_close=True, limit=0),
                read_bufsize=_CHUNK_BYTES,
            )
        return self._session


def with_tag(image: str) -> str:
    """Return an image's name with a tag: without one some engines fetch every tag there is."""
    last = image.rsplit("/", 1)[-1]
    return image if ":" in last or "@" in last else f"{image}:latest"


async def _decoded(answer: aiohttp.ClientResponse, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(await _body(answer), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DockerError(f"its answer is not the one of a Docker engine: {error}"[:300]) from error


async def _refusal(answer: aiohttp.ClientResponse) -> DockerRefusedError:
    body = await _body(answer)
    try:
        message = msgspec.json.decode(body, type=Refusal).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = body[:500].decode("utf-8", "replace")
    return DockerRefusedError(answer.status, message)


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > _MOST_ANSWER_BYTES:
            raise DockerError(f"its answer has more than {_MOST_ANSWER_BYTES} bytes")
    return bytes(body)


def _unreachable(error: Exception) -> DockerUnreachableError:
    if isinstance(error, TimeoutError):
        return DockerUnreachableError("it did not answer in time")
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    number = cause.errno if isinstance(cause, OSError) else None
    return DockerUnreachableError(str(cause) or type(cause).__name__, number)
