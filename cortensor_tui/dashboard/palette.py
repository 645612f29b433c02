"""What the command palette offers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from cortensor_tui.dashboard.key_names import shown_key

_NAMED_BY_THE_APP = ("command_palette", "quit")
_MOVING = ("table.", "document.")
"""Ids of the keys that only move a cursor."""


def key_commands(screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield what the keys of a screen do, each once, with its key."""
    seen: set[str] = set()
    for node, binding, is_enabled, _ in screen.active_bindings.values():
        if (
            not binding.id
            or binding.id.startswith(_MOVING)
            or not is_enabled
            or binding.action in seen
            or binding.action in _NAMED_BY_THE_APP
        ):
            continue
        seen.add(binding.action)
        run = partial(screen.app.run_action, binding.action, node)
        yield SystemCommand(f"{binding.description}  ({shown_key(binding.key)})", binding.tooltip, run)
