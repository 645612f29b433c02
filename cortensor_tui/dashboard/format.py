"""Values as people read them. Unknown is "–"; nothing unknown is ever written as a number."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cortensor_tui.domain import quantities
from cortensor_tui.domain.inert import inert

UNKNOWN = "–"
duration = quantities.duration
_LARGE = ((10**12, "T"), (10**9, "G"), (10**6, "M"))
_HASH = re.compile(r"\b0x(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40})\b")  # or an address


def ether(wei: str | int | None, places: int = 6) -> str:
    """Return wei as ether, rounded down; what is no number is unknown."""
    try:
        return UNKNOWN if wei is None else quantities.ether(int(wei), places)
    except ValueError:
        return UNKNOWN


def cost(wei: str | int | None, places: int = 6) -> str:
    """Return what something costs as ether, rounded up; what is no number is unknown."""
    try:
        return UNKNOWN if wei is None else quantities.cost(int(wei), places)
    except ValueError:
        return UNKNOWN


def age(since: float | None, now: float) -> str:
    """Return how long ago `since` was."""
    return UNKNOWN if since is None else duration(now - since)


def rough_age(since: float | None, now: float) -> str:
    """Return how long ago `since` was, in steps of ten seconds: for lists, where every step is repainted."""
    if since is None:
        return UNKNOWN
    seconds = now - since
    return duration(seconds if seconds < 10 else seconds // 10 * 10)


def calm_age(since: float | None, now: float) -> str:
    """Return how long ago `since` was, in steps of five seconds from ten on, and "now" below."""
    if since is None:
        return UNKNOWN
    seconds = now - since
    if seconds < 10:
        return "now"
    return f"{duration(seconds if seconds >= 120 else seconds // 5 * 5)} ago"


def clock(at: float | None) -> str:
    """Return a local time of day."""
    return UNKNOWN if at is None else datetime.fromtimestamp(at).strftime("%H:%M:%S")


def moment(at: float | None) -> str:
    """Return date and time in UTC, for details that are compared with other logs."""
    return UNKNOWN if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def exact_moment(at: float | None) -> str:
    """Return date and time in UTC with milliseconds, for steps that follow one another within a second."""
    if at is None:
        return UNKNOWN
    then = datetime.fromtimestamp(at, UTC)
    return f"{then:%Y-%m-%d %H:%M:%S}.{then.microsecond // 1000:03d} UTC"


def number(value: int | None) -> str:
    """Return an integer with thin groups."""
    return UNKNOWN if value is None else f"{value:,}"


def rough_number(value: int) -> str:
    """Return an integer to three digits, rounded down: a figure that is an estimate does not look exact."""
    places = max(0, len(str(value)) - 3)
    kept = value // 10**places * 10**places
    for size, unit in _LARGE:
        if kept >= size:
            whole, rest = divmod(kept, size)
            return f"{whole:,}.{rest * 100 // size:02d}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{kept:,}"


def exact_clock(at: float | None, beside: float | None = None) -> str:
    """Return a time of day in UTC with milliseconds, with its date where that is not that of `beside`."""
    if at is None:
        return UNKNOWN
    then = datetime.fromtimestamp(at, UTC)
    if beside is not None and datetime.fromtimestamp(beside, UTC).date() != then.date():
        return exact_moment(at)
    return f"{then:%H:%M:%S}.{then.microsecond // 1000:03d} UTC"


def day_clock(at: float | None, now: float) -> str:
    """Return a local time of day, with its day where that is not today: "12:03:44", "Nov 22 12:03"."""
    if at is None:
        return UNKNOWN
    then, today = datetime.fromtimestamp(at), datetime.fromtimestamp(now)
    return clock(at) if then.date() == today.date() else then.strftime("%b %d %H:%M")


def rate(tokens_per_s: float | None) -> str:
    """Return a decode or prefill speed."""
    return UNKNOWN if tokens_per_s is None else f"{tokens_per_s:.1f} tok/s"


def milliseconds(ms: float | None) -> str:
    """Return a short time, in s from ten seconds on."""
    if ms is None:
        return UNKNOWN
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def mebibytes(size_bytes: int | None) -> str:
    """Return a size of memory."""
    return UNKNOWN if size_bytes is None else f"{size_bytes / 2**20:,.0f} MiB"


def short_hash(value: str | None) -> str:
    """Return the ends of a hash or an address."""
    if not value:
        return UNKNOWN
    shown = inert(value, 100)
    return shown if len(shown) <= 13 else f"{shown[:6]}…{shown[-4:]}"


def short_hashes(text: str, cells: int) -> str:
    """Return a text whose hashes and addresses stand by their ends where they are longer than a line."""
    return _HASH.sub(lambda found: found[0] if len(found[0]) <= cells else short_hash(found[0]), text)
