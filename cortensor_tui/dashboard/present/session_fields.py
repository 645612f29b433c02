"""A session's fields as its contract has them, and beside each what it means."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from cortensor_tui.dashboard.format import UNKNOWN, moment
from cortensor_tui.dashboard.widgets.entry_list import Entry
from cortensor_tui.domain.inert import ELLIPSIS, inert
from cortensor_tui.domain.network_models import network_model_title
from cortensor_tui.domain.session_reading import ContractField, SessionReading
from cortensor_tui.domain.sessions import Session, SessionView

_SLA_WORDS = ("low", "medium", "high")
_MOST_CHARS = 2_000
Meaning = Callable[[SessionReading, str], str]


def field_entries(reading: SessionReading) -> Iterator[Entry]:
    """Yield every field in the contract's order; a list has a line for each of its values."""
    for field in reading.fields:
        if not field.is_list:
            yield _entry(reading, field, field.name, field.values[0])
        elif not field.values:
            yield Entry(field.name, "none", "muted", beside="[]", copy="[]")
        for index, value in enumerate(field.values if field.is_list else ()):
            yield _entry(reading, field, f"{field.name} {index}", value)


def _entry(reading: SessionReading, field: ContractField, label: str, value: str) -> Entry:
    kind = field.kind.removesuffix("[]")
    raw = json.dumps(value) if kind == "string" else value
    return Entry(
        label,
        _meaning(reading, field.name, kind, value),
        beside=inert(raw, _MOST_CHARS),
        copy=inert(value),
        copy_name=field.name,
    )


def _meaning(reading: SessionReading, name: str, kind: str, value: str) -> str:
    if name in _MEANINGS:
        return _MEANINGS[name](reading, value)
    if kind == "string":
        return inert(value, _MOST_CHARS) or "(empty)"
    if kind == "address":
        return checksummed(reading, value)
    if kind == "bytes32":
        return f"{value[:10]}…{value[-4:]}"
    return f"{int(value):,}" if value.isdigit() else value


def checksummed(reading: SessionReading, address: str) -> str:
    """Return an address with its checksum, as far as the node has told it."""
    session = reading.view.session
    routers = (router.address for router in reading.routers)
    known = (session.owner, *session.dedicated_nodes, *session.ephemeral_nodes, *routers)
    return next((one for one in known if one.lower() == address.lower()), address)


def whole_metadata(reading: SessionReading) -> str | None:
    """Return the session's metadata as the contract has it, None where it was too long to be told whole."""
    found = next((field.values[0] for field in reading.fields if field.name == "metadata"), None)
    return None if found is None or found.endswith(ELLIPSIS) else found


def fixed_terms(session: Session) -> str:
    """Return what a session was created with and keeps."""
    if session.model_identifier is None:
        return "this network's contracts keep no terms"
    sla = UNKNOWN if session.sla is None else _sla_word(session.sla)
    return (
        f"{network_model_title(session.model_identifier)}, service {sla},"
        f" {session.reserve_period_s:,} s of reserve, {session.max_task_executions:,} tasks at most"
    )


def _owner(reading: SessionReading, value: str) -> str:
    return f"{checksummed(reading, value)}{whose_words(reading.view)}"


def whose_words(view: SessionView) -> str:
    """Return what stands behind the owner's address: whose it is, where that is known."""
    if not view.is_mine:
        return ""
    return " (watched)" if view.is_watched else " (you)"


def _sla(reading: SessionReading, value: str) -> str:
    return _sla_word(int(value))


def _sla_word(number: int) -> str:
    return _SLA_WORDS[number] if number < len(_SLA_WORDS) else f"level {number}"


def _model_title(value: str) -> str:
    return network_model_title(int(value)) if value.isdecimal() else f"model {value} of the network"


def _moment(reading: SessionReading, value: str) -> str:
    seconds = int(value)
    return moment(float(seconds)) if 0 < seconds < 2**40 else UNKNOWN


_MEANINGS: dict[str, Meaning] = {
    "id": lambda reading, value: value,
    "state": lambda reading, value: "active" if reading.view.session.is_active else "not active",
    "createdAt": _moment,
    "updatedAt": _moment,
    "owner": _owner,
    "mode": lambda reading, value: reading.view.session.mode_name,
    "redundant": lambda reading, value: f"{value} answer each task",
    "sla": _sla,
    "modelIdentifier": lambda reading, value: _model_title(value),
    "reservePeriod": lambda reading, value: f"{int(value):,} s",
    "maxTaskExecutionCount": lambda reading, value: f"{int(value):,} tasks",
}
