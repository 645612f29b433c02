"""Amounts and spans of time as people read them, the same on every screen and on the command line."""

from __future__ import annotations

_WEI_PLACES = 18
_WEI_PER_ETHER = 10**_WEI_PLACES


def ether(wei: int, places: int) -> str:
    """Return wei as ether, rounded down to so many places, without trailing zeros: "1.5 ether".

    What is less than the last place is "< 0.000001 ether", never 0. In integers throughout: a balance has up
    to 78 digits, more than a float or a default Decimal holds.
    """
    whole, rest = divmod(wei, _WEI_PER_ETHER)
    shown_rest = rest // 10 ** (_WEI_PLACES - places)
    if whole == 0 and shown_rest == 0 and rest > 0:
        return f"< 0.{'1'.zfill(places)} ether"
    return f"{whole}.{shown_rest:0{places}d}".rstrip("0").rstrip(".") + " ether"


def duration(seconds: float) -> str:
    """Return a span in its largest unit: "3 s", "12 min", "5 h", "9 d". A negative span is "0 s"."""
    whole = max(0, int(seconds))
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if whole < limit:
            return f"{whole // size} {unit}"
    return f"{whole // 86_400} d"
