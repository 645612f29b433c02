"""Answers what is asked of the log: first from memory, then from the files."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cortensor_tui.domain.logs import LogLine
from cortensor_tui.node.log_messages import GetLogs, LogCursor, Logs
from cortensor_tui.node.logs.files import read_back
from cortensor_tui.node.logs.ring import FilePlace, Kept, LogRing

MOST_LISTED = 500


class LogDesk:
    """One for a node; without a file, what is in memory is all there is."""

    def __init__(self, ring: LogRing | None = None, path: Path | None = None) -> None:
        self._ring = ring or LogRing()
        self._path = path

    async def answer(self, body: GetLogs) -> Logs:
        """Return the lines asked for."""
        limit = max(0, min(body.limit, MOST_LISTED))
        newest = self._ring.newest
        if body.after is not None:
            page = self._ring.page(body.filter, after=body.after, limit=limit)
            return Logs(
                lines=tuple(page.lines),
                newest=newest,
                left_out=page.left_out,
                earlier=_cursor(page.first),
            )
        cursor = body.before
        if cursor is not None and cursor.number == 0:
            older, cursor = await self._from_files(body, cursor, limit)
            return Logs(lines=tuple(older), newest=newest, earlier=cursor)
        page = self._ring.page(body.filter, before=cursor.number if cursor else None, limit=limit)
        reached = _cursor(page.first) or cursor or self._end()
        if page.left_out or len(page.lines) >= limit or reached is None:
            return Logs(lines=tuple(page.lines), newest=newest, earlier=reached)
        older, reached = await self._from_files(body, reached, limit - len(page.lines))
        return Logs(lines=(*older, *page.lines), newest=newest, earlier=reached)

    async def _from_files(
        self, body: GetLogs, cursor: LogCursor, limit: int
    ) -> tuple[list[LogLine], LogCursor | None]:
        if self._path is None or not cursor.file:
            return [], None
        place = FilePlace(cursor.file, cursor.offset)
        page = await asyncio.to_thread(read_back, self._path, place, body.filter, limit)
        following = None if page.next is None else LogCursor(file=page.next.file, offset=page.next.offset)
        return page.lines[::-1], following

    def _end(self) -> LogCursor | None:
        """Return the end of the file, for a node that has logged nothing since its start."""
        try:
            found = self._path.stat() if self._path is not None else None
        except FileNotFoundError:
            found = None
        return None if found is None else LogCursor(file=found.st_ino, offset=found.st_size)


def _cursor(first: Kept | None) -> LogCursor | None:
    """Return a place that both memory and files know: the line may have left memory when it is asked for."""
    if first is None:
        return None
    place = first.place or FilePlace(0, 0)
    return LogCursor(number=first.number, file=place.file, offset=place.offset)
