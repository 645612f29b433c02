"""Whether the addresses that the settings name are those of the keys they name."""

from __future__ import annotations

from collections.abc import Mapping

from cortensor_tui.settings.key_rules import NODE_ROLE, OWNER_ROLE, KeyRole
from cortensor_tui.settings.model import SettingProblem, Settings, SourceKind

_STATED = {NODE_ROLE: "NODE_PUBLIC_KEY", OWNER_ROLE: "CORTENSOR_TUI_OWNER_ADDRESS"}


def address_problems(settings: Settings, addresses: Mapping[KeyRole, str]) -> tuple[SettingProblem, ...]:
    """Return a problem for each setting that states another address than its key's.

    `addresses` are those of the keys that are known, from the keys themselves: never from these settings.
    """
    problems = []
    for role, key in _STATED.items():
        stated = settings.node_address if role is NODE_ROLE else settings.owner_address
        address = addresses.get(role)
        if stated is not None and address is not None and stated.lower() != address.lower():
            problems.append(_problem(settings, key, role, stated, address))
    return tuple(problems)


def _problem(settings: Settings, key: str, role: KeyRole, stated: str, address: str) -> SettingProblem:
    line = _line(settings, key)
    plain = settings.node_private_key if role is NODE_ROLE else settings.owner_private_key
    key_of_role = role.keystore_key if plain is None else role.plain_key
    key_line = _line(settings, key_of_role)
    place = "" if key_line is None else f" in line {key_line}"
    return SettingProblem(
        path=str(settings.path) if line is not None else "the environment",
        line=line,
        key=key,
        what=f"is not the address of {key_of_role}{place}",
        found=stated,
        accepted=f"{address}, which is that key's",
        remedy=f"Correct whichever of the two is wrong; {key} may be left empty",
    )


def _line(settings: Settings, key: str) -> int | None:
    lines = (value.line for value in settings.values if value.key == key and value.source is SourceKind.FILE)
    return next(lines, None)
