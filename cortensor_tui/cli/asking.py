"""Asking the running node over its socket."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from cortensor_tui.domain.commands import command_for
from cortensor_tui.domain.problems import ProblemError, problem_error
from cortensor_tui.node.client import NodeClient
from cortensor_tui.node.messages import RequestBody
from cortensor_tui.node.owner_messages import SEND_TIMEOUT_S as SEND_TIMEOUT_S
from cortensor_tui.node.paths import socket_path

R = TypeVar("R")
READ_TIMEOUT_S = 5.0  # what the node knows by itself; longer, and it stands still
CHAIN_TIMEOUT_S = 30.0  # what it asks its chain for


def with_node(settings_path: Path, talk: Callable[[NodeClient], Awaitable[R]]) -> R:
    """Connect, talk, hang up. Raises `ProblemError`, "no_node" if none runs for these settings."""

    async def conversation() -> R:
        _cancel_on_interrupt()
        async with _connected(settings_path) as client:
            return await talk(client)

    try:
        return asyncio.run(conversation())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error


def _cancel_on_interrupt() -> None:
    """Let SIGINT wake the loop: Python's own handler misses one that comes just before the loop waits."""
    task = asyncio.current_task()
    if task is not None and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)


def ask_node(
    settings_path: Path, body: RequestBody, expected: type[R], timeout_s: float = CHAIN_TIMEOUT_S
) -> R:
    """Ask one thing of the running node."""
    return with_node(settings_path, lambda client: ask(client, body, expected, timeout_s))


def read_node(settings_path: Path, body: RequestBody, expected: type[R]) -> R:
    """Ask the running node for what it knows by itself. Raises `ProblemError` as `read` does."""
    return with_node(settings_path, lambda client: read(client, body, expected))


async def read(client: NodeClient, body: RequestBody, expected: type[R]) -> R:
    """Ask for what the node knows by itself. Raises "node_frozen" where it does not answer soon."""
    try:
        return await ask(client, body, expected, READ_TIMEOUT_S)
    except ProblemError as error:
        if error.problem.code != "node_timeout":
            raise
        raise problem_error(
            "node_frozen",
            f"The node runs, but has not answered within {READ_TIMEOUT_S:g} s",
            "it is stopped, as by Ctrl+Z, or its machine is far too busy",
            "Look at its process and its log; where it stays so, end it and start it again",
        ) from error


async def ask(
    client: NodeClient, body: RequestBody, expected: type[R], timeout_s: float = CHAIN_TIMEOUT_S
) -> R:
    """Ask, and check that the answer is of the kind that belongs to the question."""
    reply = await client.request(body, timeout_s)
    if not isinstance(reply, expected):
        raise problem_error(
            "unexpected_reply",
            f"The node answered with {type(reply).__name__} where {expected.__name__} was expected",
            "it may be of another version",
            "Restart it with the version installed now",
        )
    return reply


@asynccontextmanager
async def _connected(settings_path: Path) -> AsyncIterator[NodeClient]:
    try:
        client = await NodeClient.connect(socket_path(settings_path), settings_path=settings_path)
    except ProblemError as error:
        raise (_no_node(settings_path) if error.problem.code == "no_node" else error) from error
    try:
        yield client
    finally:
        await client.close()


def _no_node(settings_path: Path) -> ProblemError:
    is_there = settings_path.expanduser().exists()
    return problem_error(
        "no_node",
        f"No node is running for {settings_path}",
        "nothing answers on its socket" if is_there else "there is no such settings file either",
        f"Start one with: {command_for(settings_path, 'node run')}"
        if is_there
        else "Name the file with --env",
    )
