"""Which key does something where one is, whatever the key file says."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from cortensor_tui.dashboard.key_names import shown_key


def key_of(screen: Screen[Any], binding_id: str) -> str:
    """Return the first key that does it, as printed on a keyboard; nothing where none does now."""
    for _, binding, is_enabled, _ in screen.active_bindings.values():
        if binding.id == binding_id and is_enabled:
            return shown_key(binding.key)
    return ""
