"""Which key does something where one is, whatever the key file says."""

from __future__ import annotations

from typing import Any

from textual.binding import ActiveBinding
from textual.screen import Screen

from cortensor_tui.dashboard.key_names import shown_key


def active_of(screen: Screen[Any], binding_id: str) -> ActiveBinding | None:
    """Return a binding as it works now, by its first key; None where it does not."""
    active = screen.active_bindings.values()
    return next((one for one in active if one.binding.id == binding_id and one.enabled), None)


def key_of(screen: Screen[Any], binding_id: str) -> str:
    """Return the first key that does it, as printed on a keyboard; nothing where none does now."""
    active = active_of(screen, binding_id)
    return "" if active is None else shown_key(active.binding.key)
