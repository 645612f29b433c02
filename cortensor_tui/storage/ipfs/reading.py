"""Fetches a file block by block: each is checked against its id before anything is made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from cortensor_tui.storage.content_id import ContentId
from cortensor_tui.storage.ipfs import problems
from cortensor_tui.storage.unixfs import FileNode, read_block

BLOCKS_AT_ONCE = 8
MOST_BLOCKS = 10_000
MOST_DEPTH = 16
# What the tree itself may take beside the file's bytes; in trees that nodes make it is below a hundredth.
_TREE_SHARE = 1 / 10
_TREE_BYTES = 64 * 1024
GetBlock = Callable[[ContentId], Awaitable[bytes]]


class FileReader:
    """Reads from one node, named in what is wrong. Who cut the file, and how, does not matter."""

    def __init__(self, node: str, get_block: GetBlock) -> None:
        self._node = node
        self._get_block = get_block

    async def read(self, content_id: ContentId, most_bytes: int) -> bytes:
        """Return the file. Raises `ProblemError` for other bytes, for what is no file, and over the limit."""
        reading = _Reading(self._node, self._get_block, str(content_id), most_bytes)
        try:
            await reading.take([content_id], depth=0)
        except ValueError as error:
            raise problems.no_file(str(content_id), str(error)) from error
        return bytes(reading.data)


class _Reading:
    """One file on its way. A tree may link to the same block many times, so what is read is counted."""

    def __init__(self, node: str, get_block: GetBlock, cid: str, most_bytes: int) -> None:
        self.data = bytearray()
        self._node = node
        self._get_block = get_block
        self._cid = cid
        self._most_bytes = most_bytes
        self._most_fetched_bytes = most_bytes + int(most_bytes * _TREE_SHARE) + _TREE_BYTES
        self._fetched_bytes = 0
        self._blocks = 1  # that are known of: the root, and each that something links to

    async def take(self, content_ids: Sequence[ContentId], depth: int) -> None:
        """Append what these blocks hold, and all below them."""
        if depth > MOST_DEPTH:
            raise ValueError(f"its tree is deeper than {MOST_DEPTH} levels")
        for at in range(0, len(content_ids), BLOCKS_AT_ONCE):
            some = content_ids[at : at + BLOCKS_AT_ONCE]
            for node in await _all_or_none([self._node_at(one) for one in some]):
                await self._append(node, depth)

    async def _append(self, node: FileNode, depth: int) -> None:
        told_bytes = len(self.data) + (node.file_bytes or 0)
        if told_bytes > self._most_bytes:  # before the rest of it is asked for
            raise problems.too_large(self._cid, self._most_bytes, told_bytes if depth == 0 else None)
        self.data += node.data
        if len(self.data) > self._most_bytes:
            raise problems.too_large(self._cid, self._most_bytes)
        await self.take(node.links, depth + 1)

    async def _node_at(self, content_id: ContentId) -> FileNode:
        block = await self._get_block(content_id)
        if not content_id.is_of_block(block):
            raise problems.other_bytes(self._node, str(content_id))
        self._fetched_bytes += len(block)
        if self._fetched_bytes > self._most_fetched_bytes:
            raise problems.too_large(self._cid, self._most_bytes)
        node = read_block(content_id, block, MOST_BLOCKS)
        self._blocks += len(node.links)
        if self._blocks > MOST_BLOCKS:
            raise ValueError(f"it has more than {MOST_BLOCKS} blocks")
        return node


async def _all_or_none(asked: Sequence[Coroutine[Any, Any, FileNode]]) -> list[FileNode]:
    """Return every node in order; where one cannot be had, the others are not waited for."""
    tasks = [asyncio.create_task(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
