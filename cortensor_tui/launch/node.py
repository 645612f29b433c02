"""Runs a node in the foreground."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cortensor_tui.domain.clock import SYSTEM_CLOCK, Clock
from cortensor_tui.domain.inert import inert
from cortensor_tui.launch.docker_word import with_docker
from cortensor_tui.launch.logs import log_to, secrets_of
from cortensor_tui.launch.passwords import asked_on_terminal, can_ask, passwords_from
from cortensor_tui.launch.until_signal import until_signal
from cortensor_tui.miner.answering import InferenceFeed
from cortensor_tui.node.duty import Duty, OpenDuty
from cortensor_tui.node.key_source import Ask
from cortensor_tui.node.logs.desk import LogDesk
from cortensor_tui.node.mining_duty import MiningDuty
from cortensor_tui.node.service import Node
from cortensor_tui.node.unlock import unlock_keys
from cortensor_tui.node.watching.duty import WatchingDuty
from cortensor_tui.settings import Settings, load_settings
from cortensor_tui.storage.local_store import LocalStore


def run_node(
    settings_path: Path,
    environ: Mapping[str, str],
    clock: Clock = SYSTEM_CLOCK,
    *,
    has_passwords_on_stdin: bool = False,
    may_make_journal: bool = False,
    in_container: bool = False,
) -> int:
    """Load the settings, unlock the keys and run. Lines on stderr tell each change of the verdict.

    `may_make_journal` starts a key that has answered before with a new journal; `in_container` is the word
    `docker` of cortensord's command line.
    """
    if in_container:
        environ = with_docker(settings_path, environ, _announce)
    settings = load_settings(settings_path, environ)
    log_path = node_log_path(settings)
    logs = LogDesk(log_to(log_path, settings.log_level, secrets_of(settings)), log_path)
    for note in settings.notes:
        _announce(f"note: {note.text}")
    ask = _asker(has_passwords_on_stdin)
    open_duty = _duty_by(settings, environ, ask, clock, may_make_journal=may_make_journal)

    def make_node() -> Node:
        return Node(settings, open_duty, _announce, clock, environ=environ, logs=logs)

    asyncio.run(until_signal(_run(make_node, log_path)))
    return 0


def _duty_by(
    settings: Settings, environ: Mapping[str, str], ask: Ask | None, clock: Clock, *, may_make_journal: bool
) -> OpenDuty:
    """Return what the settings want of the node; keys are unlocked here, before anything runs."""
    if settings.watch_address is not None:
        return lambda feed, store: WatchingDuty(settings, store)
    unlocked = unlock_keys(settings, environ, ask)

    def answer_tasks(feed: InferenceFeed, store: LocalStore) -> Duty:
        return MiningDuty(settings, unlocked, feed, store, clock, may_make_journal=may_make_journal)

    return answer_tasks


def node_log_path(settings: Settings) -> Path:
    """Return where this node's log is."""
    return settings.data_dir / "logs" / settings.log_file_name


async def _run(make_node: Callable[[], Node], log_path: Path) -> None:
    node = make_node()
    _announce(f"node {node.address} started; log: {log_path}")
    await node.run()


def _asker(has_passwords_on_stdin: bool) -> Ask | None:
    if has_passwords_on_stdin:
        return passwords_from(sys.stdin)
    return asked_on_terminal() if can_ask() else None


def _announce(line: str) -> None:
    stamp = datetime.now().astimezone().strftime("%H:%M:%S")
    with suppress(OSError):  # a file on a full disk, a pipe nobody reads any more: the node goes on
        sys.stderr.write(f"{stamp} {inert(line)}\n")
        sys.stderr.flush()
