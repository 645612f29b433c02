"""Every key binding of the dashboard that can be changed, and where it works."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import msgspec
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen

_PACKAGE = "cortensor_tui.dashboard"
_ROOMS = ("screens", "widgets")


class BoundKeys(msgspec.Struct, frozen=True):
    """One binding: `keys` in Textual's names, `owners` the classes that have it."""

    binding_id: str
    keys: tuple[str, ...]
    does: str
    owners: tuple[type[DOMNode], ...]

    def meets(self, other: BoundKeys) -> bool:
        """Tell whether both can work at one time, so that they must not have a key in common."""
        return any(_meet(mine, theirs) for mine in self.owners for theirs in other.owners)


def all_bindings(app: type[App[None]]) -> dict[str, BoundKeys]:
    """Return every binding with an id, by it. Imports all screens and widgets."""
    found: dict[str, BoundKeys] = {}
    own = (kind for kind in app.__mro__ if kind.__module__.startswith(_PACKAGE))
    for owner in (*own, *_classes()):
        for one in Binding.make_bindings(vars(owner).get("BINDINGS", ())):
            if one.id:
                known = found.get(one.id, BoundKeys(one.id, (), one.tooltip or one.description, ()))
                found[one.id] = msgspec.structs.replace(
                    known,
                    keys=tuple(dict.fromkeys((*known.keys, one.key))),
                    owners=tuple(dict.fromkeys((*known.owners, owner))),
                )
    return found


def keys_file_text(app: type[App[None]]) -> str:
    """Return a key file with every default in it, commented out."""
    lines = ["# Keys of the dashboard: take the # away and change what is between the quotes.", ""]
    group = ""
    for bound in sorted(all_bindings(app).values(), key=lambda one: one.binding_id):
        if (name := bound.binding_id.split(".")[0]) != group:
            lines += [""] if group else []
            group = name
        keys = ", ".join(f'"{key}"' for key in bound.keys)
        lines.append(f"# {bound.binding_id} = [{keys}]  # {bound.does}")
    return "\n".join(lines) + "\n"


def _classes() -> Iterator[type[DOMNode]]:
    seen: set[type[DOMNode]] = set()
    for room in _ROOMS:
        package = import_module(f"{_PACKAGE}.{room}")
        for module in pkgutil.iter_modules(package.__path__):
            content = vars(import_module(f"{package.__name__}.{module.name}"))
            for kind in content.values():
                is_ours = isinstance(kind, type) and kind.__module__.startswith(package.__name__)
                if is_ours and issubclass(kind, DOMNode) and kind not in seen:
                    seen.add(kind)
                    yield kind


def _meet(one: type[DOMNode], other: type[DOMNode]) -> bool:
    """Tell whether bindings of both can be active together: not of two screens, of two widgets, or of the app
    and a box over it, which keeps the app's keys out.
    """
    if issubclass(one, other) or issubclass(other, one):
        return True
    levels = {_level(one), _level(other)}
    return len(levels) == 2 and levels != {App, ModalScreen} and levels != {Screen, ModalScreen}


def _level(owner: type[DOMNode]) -> type[DOMNode]:
    levels = (App, ModalScreen, Screen)
    return next((level for level in levels if issubclass(owner, level)), DOMNode)
