"""How the lines of one task come from the node's log."""

from __future__ import annotations

import msgspec

from cortensor_tui.dashboard.desk import Desk
from cortensor_tui.dashboard.present.task_log import TaskLog
from cortensor_tui.domain.problems import ProblemError
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.log_messages import GetLogs, Logs

MOST_LINES = 50
MOST_SEARCHES = 3
"""So many steps into the past are taken for a task of long ago, each a few megabytes of the log's files."""


async def read_task_log(desk: Desk, key: TaskKey, known: TaskLog | None) -> TaskLog:
    """Return what the log has of a task: all of it, or what is new after what is `known`."""
    try:
        if known is None or known.newest is None:
            return await _read_all(desk, key)
        reply = await desk.request(GetLogs(task=key, after=known.newest, limit=MOST_LINES))
        if not isinstance(reply, Logs):
            return known
        if reply.newest < known.newest:
            return await _read_all(desk, key)  # the node has started anew
    except ProblemError as error:
        return msgspec.structs.replace(known or TaskLog(), problem=error.problem)
    return TaskLog(lines=(*known.lines, *reply.lines)[-MOST_LINES:], newest=reply.newest)


async def _read_all(desk: Desk, key: TaskKey) -> TaskLog:
    reply = await desk.request(GetLogs(task=key, limit=MOST_LINES))
    if not isinstance(reply, Logs):
        return TaskLog()
    newest = reply.newest
    for _ in range(MOST_SEARCHES):
        if reply.lines or reply.earlier is None:
            break
        older = await desk.request(GetLogs(task=key, before=reply.earlier, limit=MOST_LINES))
        if not isinstance(older, Logs):
            break
        reply = older
    return TaskLog(lines=reply.lines, newest=newest)
