"""Asking for the texts of private sessions, which the node keeps back until then and notes in its log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from cortensor_tui.cli.asking import ask, read, with_node
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import Done, RequestBody, Reveal

R = TypeVar("R")
HIDDEN = "hidden, --reveal shows it"


def ask_for_texts(
    settings_path: Path,
    body: RequestBody,
    expected: type[R],
    hidden_sessions: Callable[[R], Iterable[int]],
    *,
    is_revealing: bool,
    timeout_s: float | None = None,
) -> R:
    """Ask one thing; where texts were kept back and are wanted, reveal those sessions and ask again.

    What is shown may bring further sessions into question, so this goes on until none is kept back.

    `timeout_s` is for what the node has to ask its chain for; what it knows by itself comes sooner.
    """

    async def told(client: NodeClient) -> R:
        if timeout_s is None:
            return await read(client, body, expected)
        return await ask(client, body, expected, timeout_s)

    async def talk(client: NodeClient) -> R:
        revealed: set[int] = set()
        while True:
            found = await told(client)
            hidden = set(hidden_sessions(found)) - revealed if is_revealing else set()
            if not hidden:
                return found
            for session_id in sorted(hidden):
                await reveal(client, session_id)
            revealed |= hidden

    return with_node(settings_path, talk)


async def reveal(client: NodeClient, session_id: int) -> None:
    """Have the node show this connection a session's texts."""
    await ask(client, Reveal(session_id=session_id), Done)
