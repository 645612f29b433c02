"""The key file: other keys for what the dashboard does, checked before they are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cortensor_tui.dashboard.key_catalogue import BoundKeys
from cortensor_tui.dashboard.sendable_keys import nearest, sendable
from cortensor_tui.dashboard.toml_file import TomlFile, TomlFileError, read_toml


class KeyChoice(msgspec.Struct, frozen=True):
    """What a key file asks for: ids to keys as Textual takes them, and a sentence for each line it cannot,
    line by line. `changed` are the ids with other keys than usual. A file that cannot be read at all asks for
    nothing and is not usable.
    """

    keymap: Mapping[str, str] = {}
    changed: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
    is_usable: bool = True


def load_keys(path: Path, known: Mapping[str, BoundKeys]) -> KeyChoice:
    """Read a key file. What is wrong in it is left out and named with its line; the rest holds."""
    try:
        file = read_toml(path)
    except TomlFileError as error:
        return KeyChoice(faults=(str(error),), is_usable=False)
    wanted: dict[str, tuple[str, ...]] = {}
    faults: dict[str, str] = {}
    for binding_id, value in file.flat().items():
        try:
            wanted[binding_id] = _keys(file, binding_id, value, known)
        except TomlFileError as error:
            faults[binding_id] = str(error)
    while clashes := dict(_clashes(file, wanted, known)):  # what is left out gets its own keys back
        wanted = {name: keys for name, keys in wanted.items() if name not in clashes}
        faults |= clashes
    by_line = sorted(faults, key=lambda name: file.lines.get(name, 0))
    keymap = {name: ",".join(keys) for name, keys in wanted.items()}
    changed = frozenset(name for name, keys in wanted.items() if set(keys) != set(known[name].keys))
    return KeyChoice(keymap, changed, tuple(faults[name] for name in by_line))


def _keys(file: TomlFile, binding_id: str, value: Any, known: Mapping[str, BoundKeys]) -> tuple[str, ...]:
    def refuse(what: str) -> TomlFileError:
        return TomlFileError(file.fault(binding_id, what))

    if binding_id not in known:
        raise refuse(f"there is no binding {binding_id}{_guess(binding_id, known)}")
    keys = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else ()
    if not keys or not all(isinstance(key, str) for key in keys):
        raise refuse(f'{binding_id} takes a key such as "x", or a list of keys')
    found = tuple(sendable(key) for key in keys)
    for key, name in zip(keys, found, strict=True):
        if name is None:
            meant = f"; perhaps {near} was meant" if (near := nearest(key)) else ""
            raise refuse(f"{binding_id}: no terminal sends the key {key!r}{meant}")
    return tuple(name for name in found if name)


def _guess(binding_id: str, known: Mapping[str, BoundKeys]) -> str:
    import difflib  # late: only a mistake needs it

    near = difflib.get_close_matches(binding_id, known, n=1)
    return f"; perhaps {near[0]} was meant" if near else ""


def _clashes(
    file: TomlFile, wanted: Mapping[str, tuple[str, ...]], known: Mapping[str, BoundKeys]
) -> Iterator[tuple[str, str]]:
    """Yield each id whose new key does something else already, with a sentence about it."""
    for binding_id, keys in wanted.items():
        for other in known.values():
            theirs = wanted.get(other.binding_id, other.keys)
            shared = set(keys) & set(theirs) - (set(known[binding_id].keys) & set(other.keys))
            if other.binding_id != binding_id and shared and known[binding_id].meets(other):
                key = sorted(shared)[0]
                what = f"{binding_id}: {key} is the key of {other.binding_id} ({other.does})"
                yield binding_id, file.fault(binding_id, f"{what}; give one of them another")
                break
