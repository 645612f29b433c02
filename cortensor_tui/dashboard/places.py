"""The places of the dashboard: full screens, each a digit away, each kept as it was left.

A new place is one line in `PLACES`: its digit, name, title, what it is for, and module and class of its
screen, a `PlaceScreen` in `screens/`. Digits, palette, help and tests follow from that line. The module is
imported when the place is first looked at, so that the first screen does not wait for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import msgspec

if TYPE_CHECKING:
    from textual.screen import Screen


class Place(msgspec.Struct, frozen=True):
    """One place. `key` may name several keys; `screen` is "module:Class" below `dashboard.screens`."""

    key: str
    name: str
    title: str
    summary: str
    screen: str

    @property
    def binding_id(self) -> str:
        """Return the id under which its key can be changed."""
        return f"place.{self.name}"

    def kind(self) -> type[Screen[Any]]:
        """Return the class of its screen."""
        module, _, screen = self.screen.partition(":")
        found = getattr(import_module(f"cortensor_tui.dashboard.screens.{module}"), screen)
        return cast("type[Screen[Any]]", found)

    def load(self) -> Screen[Any]:
        """Return a new instance of its screen."""
        return self.kind()()


PLACES = (
    Place("1", "dashboard", "Dashboard", "Everything at a glance", "overview:OverviewScreen"),
    Place("2", "sessions", "Sessions", "Sessions and their nodes", "sessions:SessionsScreen"),
    Place("3,t", "tasks", "Tasks", "Tasks and answers", "tasks:TasksScreen"),
    Place("4", "transactions", "Transactions", "What was sent and mined", "transactions:TransactionsScreen"),
    Place("5", "network", "Network", "Chain, endpoints and contracts", "network:NetworkScreen"),
    Place("6", "logs", "Logs", "What the node logs, as it happens", "logs:LogsScreen"),
    Place("7", "settings", "Settings", "All settings; change them", "settings:SettingsScreen"),
    Place("8", "setup", "Set up", "Set up another node", "first_run:FirstRunScreen"),
)
FIRST = PLACES[0]


def place_called(name: str) -> Place:
    """Return a place by its name. Raises `LookupError` for a name that is none."""
    found = next((place for place in PLACES if place.name == name), None)
    if found is None:
        raise LookupError(name)
    return found


def place_of_binding(binding_id: str | None) -> Place | None:
    """Return the place that a binding goes to, None where it does something else."""
    return next((place for place in PLACES if place.binding_id == binding_id), None)
