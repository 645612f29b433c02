"""What the command palette offers: the acts of this screen, and those of the other places."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from cortensor_tui.dashboard.key_names import shown_key
from cortensor_tui.dashboard.palette_words import words_of
from cortensor_tui.dashboard.places import PLACES, Place

if TYPE_CHECKING:
    from cortensor_tui.dashboard.screens.base import Watching

_NAMED_BY_THE_APP = ("command_palette", "quit")
_MOVING = ("table.", "document.", "entries.", "log.", "app.back", "network.back", "setup.back", "panel.back")
"""Beginnings of ids of the keys that only move about."""


class Command(msgspec.Struct, frozen=True):
    """One line of the palette. `words` are others by which it is found, `action` what a key of it does."""

    title: str
    help: str
    run: Callable[[], Awaitable[Any] | Any]
    words: str = ""
    action: str = ""


class HasCommands(Protocol):
    """An app that says what can be done on a screen."""

    def palette_commands(self, screen: Screen[Any]) -> Iterator[Command]:
        """Yield what the palette offers there."""


def key_commands(screen: Screen[Any]) -> Iterator[Command]:
    """Yield what the keys of a screen do now, each once, with its key; what is particular to it first."""
    seen: set[str] = set()
    active = sorted(screen.active_bindings.values(), key=lambda one: _rank(one.binding))
    for node, binding, is_enabled, _ in active:
        if is_enabled and _is_worth_naming(binding) and binding.action not in seen:
            seen.add(binding.action)
            run = partial(screen.app.run_action, binding.action, node)
            title = f"{binding.description}  ({shown_key(binding.key)})"
            yield Command(title, binding.tooltip, run, words_of(binding.id), binding.action)


def commands_elsewhere(app: App[Any], here: Screen[Any]) -> Iterator[Command]:
    """Yield the acts of the other places, each of which goes there first. Imports their screens."""
    for place in PLACES:
        if place.name == app.current_mode:
            continue
        for binding in _own_bindings(place.kind()):
            if _is_worth_naming(binding):
                keys = f"{shown_key(place.key.split(',')[0])} {shown_key(binding.key)}"
                run = partial(_go_and_do, app, place, binding.action)
                title = f"{place.title}: {binding.description}  ({keys})"
                yield Command(title, binding.tooltip, run, words_of(binding.id), binding.action)


def _rank(binding: Binding) -> int:
    room = (binding.id or "").split(".")[0]
    return {"app": 1, "place": 2}.get(room, 0)


async def _go_and_do(app: App[Any], place: Place, action: str) -> None:
    await app.switch_mode(place.name)
    screen = cast("Watching", app.screen)
    screen.call_after_refresh(app.run_action, action, screen)


def _own_bindings(kind: type[Screen[Any]]) -> Iterator[Binding]:
    """Yield what a place binds beyond what all places do, each action once."""
    shared = {one.action for owner in kind.__mro__[1:] for one in _bindings(owner) if _is_base(owner)}
    seen: set[str] = set()
    for owner in kind.__mro__:
        for binding in () if _is_base(owner) else _bindings(owner):
            if binding.action not in shared | seen:
                seen.add(binding.action)
                yield binding


def _is_base(owner: type) -> bool:
    is_ours = owner.__module__.startswith(__package__ or "")
    return not is_ours or owner.__name__ in ("PlaceScreen", "ActsForOwner", "Watching")


def _bindings(owner: type) -> Iterable[Binding]:
    return Binding.make_bindings(vars(owner).get("BINDINGS", ()))


def _is_worth_naming(binding: Binding) -> bool:
    return bool(binding.id) and not (
        (binding.id or "").startswith(_MOVING) or binding.action in _NAMED_BY_THE_APP
    )
