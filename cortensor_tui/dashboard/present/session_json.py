"""One session as JSON for the clipboard: pure ASCII, so that nothing in it is obeyed where it is pasted."""

from __future__ import annotations

import json

import msgspec

from cortensor_tui.domain.session_reading import SessionReading
from cortensor_tui.domain.sessions import SessionView

MOST_CHARS = 60_000


def session_json(view: SessionView, reading: SessionReading | None) -> str:
    """Return the session as its contract has it; as the list has it where it was not read, or is too long."""
    if reading is not None:
        whole = _as_read(reading)
        if len(whole) <= MOST_CHARS:
            return whole
    return json.dumps(msgspec.to_builtins(view), indent=2)


def _as_read(reading: SessionReading) -> str:
    fields = {
        field.name: list(field.values) if field.is_list else field.values[0] for field in reading.fields
    }
    return json.dumps(
        {
            "contract": reading.contract,
            "generation": reading.generation,
            "read_at": reading.read_at,
            "task_count": reading.view.task_count,
            "service": reading.view.service,
            "fields": fields,
        },
        indent=2,
    )
