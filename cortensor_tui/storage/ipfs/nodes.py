"""The IPFS nodes of the settings as one: the first is asked first, the next where it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.health import IpfsHealth
from cortensor_tui.domain.inert import without_payload
from cortensor_tui.domain.problems import Problem, ProblemError
from cortensor_tui.storage.content_id import parse_content_id
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.ipfs.reading import FileReader
from cortensor_tui.storage.ipfs.rpc import IpfsRpc

LOOK_LIMIT_S = 10.0
_T = TypeVar("_T")


class IpfsNodes:
    """`timeout_s` bounds what is done for one payload at one node. `lead_with` puts one before the others."""

    def __init__(self, urls: Sequence[str], timeout_s: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self._listed = tuple(IpfsRpc(url) for url in urls)
        self._leader: IpfsRpc | None = None
        self._dismissed: list[IpfsRpc] = []
        self._timeout_s = timeout_s
        self._clock = clock
        self._has_open_error = False
        self._health = IpfsHealth(endpoint=self._listed[0].name if urls else "", count=len(urls))

    @property
    def _nodes(self) -> tuple[IpfsRpc, ...]:
        return self._listed if self._leader is None else (self._leader, *self._listed)

    def lead_with(self, url: str | None) -> None:
        """Ask this one first from now on; None for none but those of the settings."""
        if self._leader is not None:
            self._dismissed.append(self._leader)
        self._leader = None if url is None else IpfsRpc(url)

    @property
    def health(self) -> IpfsHealth:
        """How they stand, as of the last look, with the last error met since."""
        return self._health

    async def fetch(self, cid: str, most_bytes: int) -> bytes:
        """Return a file, each of its blocks checked. Raises `ProblemError`, a passing one if any may pass."""

        async def fetch_from(node: IpfsRpc) -> bytes:
            return await FileReader(node.name, node.block).read(parse_content_id(cid), most_bytes)

        return await self._first(fetch_from)

    async def deliver(self, cid: str, data: bytes) -> None:
        """Have a node keep a payload: added, pinned, read back and compared. Raises as `fetch` does."""

        async def deliver_to(node: IpfsRpc) -> None:
            content_id = parse_content_id(cid)
            given = await node.add(data)
            held = await FileReader(node.name, node.block).read(content_id, len(data))
            if given != content_id or held != data:
                raise problems.other_bytes(node.name, cid)

        await self._first(deliver_to)

    async def unpin(self, cid: str) -> None:
        """Have every node forget a payload. Raises `ProblemError` while one of them does not."""
        met: list[ProblemError] = []
        for node in self._nodes:
            try:
                await self._limited(node, node.unpin(cid))
            except ProblemError as error:
                met.append(error)
        if met:
            raise met[0]

    async def look(self) -> None:
        """See how each node stands. What went wrong with a payload stays told until one goes through."""
        nodes = self._nodes
        looks = await asyncio.gather(*(self._look_at(node) for node in nodes))
        up = [look for look in looks if isinstance(look, IpfsHealth)]
        down = [look for look in looks if isinstance(look, Problem)]
        best = up[0] if up else IpfsHealth(endpoint=nodes[0].name if nodes else "")
        error = said(down[0]) if down else self._health.error if self._has_open_error else ""
        self._health = msgspec.structs.replace(
            best, count=len(looks), out=len(down), error=error, asked_at=self._clock.now()
        )

    async def close(self) -> None:
        """Close every connection."""
        for node in (*self._nodes, *self._dismissed):
            await node.close()
        self._dismissed.clear()

    async def _first(self, ask: Callable[[IpfsRpc], Awaitable[_T]]) -> _T:
        met: list[Problem] = []
        for node in self._nodes:
            try:
                done = await self._limited(node, ask(node))
            except ProblemError as error:
                met.append(error.problem)
            else:
                self._note(met[0] if met else None)
                return done
        problem = _together(met) if met else problems.none_up().problem
        self._note(problem)
        raise ProblemError(problem)

    def _note(self, problem: Problem | None) -> None:
        self._has_open_error = problem is not None
        # Everybody may see how the nodes stand; which payload it was about, only the task tells.
        error = "" if problem is None else without_payload(said(problem))
        self._health = msgspec.structs.replace(self._health, error=error)

    async def _limited(self, node: IpfsRpc, asking: Awaitable[_T], limit_s: float = 0.0) -> _T:
        limit_s = limit_s or self._timeout_s
        try:
            async with asyncio.timeout(limit_s):
                return await asking
        except TimeoutError as error:
            raise problems.slow(node.name, limit_s) from error

    async def _look_at(self, node: IpfsRpc) -> IpfsHealth | Problem:
        try:
            version = await self._limited(node, node.version(), LOOK_LIMIT_S)
        except ProblemError as error:
            return error.problem
        found = IpfsHealth(endpoint=node.name, version=version)
        with suppress(ProblemError):  # unknown then, and shown so
            peers = await self._limited(node, node.peer_count(), LOOK_LIMIT_S)
            found = msgspec.structs.replace(found, peers=peers)
        with suppress(ProblemError):
            repo = await self._limited(node, node.repo_size(), LOOK_LIMIT_S)
            found = msgspec.structs.replace(
                found, repo_bytes=repo.repo_size, repo_limit_bytes=repo.limit_bytes
            )
        return found


def _together(met: Sequence[Problem]) -> Problem:
    """Return what all nodes were asked for in vain by: one that may pass goes before one that will not."""
    main = next((one for one in met if one.code in problems.PASSING), met[0])
    others = [said(one) for one in met if one is not main]
    return msgspec.structs.replace(main, why="; ".join([main.why, *others]))


def said(problem: Problem) -> str:
    """Return what happened and why, on one line."""
    return f"{problem.what}: {problem.why}" if problem.why else problem.what
