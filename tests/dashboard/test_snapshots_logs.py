"""How the screen of the node's log looks in each of its states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from cortensor_tui.dashboard.widgets.filter_line import FilterLine
from cortensor_tui.domain.logs import LogLevel, LogLine
from cortensor_tui.domain.tasks import TaskKey
from cortensor_tui.node.log_messages import GetLogs, Logs
from cortensor_tui.node.messages import ReplyBody, RequestBody

from . import samples
from .conftest import shown, until
from .test_snapshots import Stood

SIZES = [(80, 24), (160, 48)]


def lines() -> tuple[LogLine, ...]:
    """Return a quarter of an hour of a node, with a lost endpoint and a reveal in it."""
    told = (
        (LogLevel.INFO, "miner.task_progress", "acked", "7/11", (("stage", "acked"),)),
        (LogLevel.INFO, "miner.task_progress", "answer stored", "7/11", (("stage", "acked"),)),
        (LogLevel.INFO, "miner.task_progress", "committed", "7/11", (("stage", "committed"),)),
        (
            LogLevel.WARNING,
            "chain.endpoints.pool",
            "another endpoint is in use",
            "",
            (("endpoint", "https://two.example"), ("before", "https://one.example"), ("why", "HTTP 429")),
        ),
        (LogLevel.INFO, "audit", "a private session was revealed", "", (("session", "7"), ("pid", "4711"))),
        (
            LogLevel.ERROR,
            "node.engine_room",
            "engine not running",
            "",
            (("why", "the model \x1b[31mcannot\x1b[0m be loaded"),),
        ),
        (LogLevel.DEBUG, "chain.rpc.client", "asked", "", (("method", "eth_blockNumber"),)),
    )
    return tuple(
        LogLine(
            at=samples.NOW - 900 + 20 * index,
            level=level,
            room=room,
            event=event,
            task=TaskKey(7, 11) if task else None,
            fields=fields,
        )
        for index, (level, room, event, task, fields) in enumerate(told * 5)
    )


STATES: dict[str, tuple[Callable[[], ReplyBody], tuple[str, ...], str]] = {
    "frozen": (lambda: Logs(lines=lines(), newest=35, left_out=0), ("k", "k", "k"), "frozen"),
    "filtered": (
        lambda: Logs(lines=(), newest=35),
        ("slash", *"level:error nonce", "enter"),
        "No line matches level:error nonce",
    ),
}


@pytest.mark.parametrize("theme", ["harbour", "harbour-light"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES)
def test_logs(snap_compare: Any, state: str, size: tuple[int, int], theme: str) -> None:
    answer, keys, words = STATES[state]
    stood = Stood(samples.snapshot(), theme)

    def told(body: RequestBody) -> ReplyBody:
        reply = answer()
        is_asked_again = isinstance(body, GetLogs) and body.after is not None
        return Logs(lines=(), newest=reply.newest) if is_asked_again and isinstance(reply, Logs) else reply

    stood.node.answers[GetLogs] = told

    async def stage(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "SERVING" in shown(stood.app, "#verdict"))
        await pilot.press("6")
        await until(
            pilot, lambda: bool(stood.app.screen.query("#log")) and "Reading" not in shown(stood.app, "#log")
        )
        await pilot.press(*keys)
        await until(pilot, lambda: words in shown(stood.app, "#log") + shown(stood.app, "Heading"))
        await until(pilot, lambda: stood.app.screen.query_one("#log").has_focus)
        if stood.app.screen.query_one(FilterLine).display:
            await until(pilot, lambda: "/" in shown(stood.app, ".sign"))
        await pilot.pause()

    assert snap_compare(stood.app, terminal_size=size, run_before=stage)
