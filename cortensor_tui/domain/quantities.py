"""Amounts and spans of time as people read them, the same on every screen and on the command line.

What one has is rounded down and what something costs is rounded up, so that no shortage looks like enough.
"""

from __future__ import annotations

_WEI_PLACES = 18
_WEI_PER_ETHER = 10**_WEI_PLACES
_GWEI_PLACES = 9


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


def cost(wei: int, places: int) -> str:
    """Return what something costs as ether, rounded up to so many places."""
    unit = 10 ** (_WEI_PLACES - places)
    return ether(-(-wei // unit) * unit, places)


def gwei(wei: int) -> str:
    """Return a price of gas exactly: "1.01578478 gwei"."""
    whole, rest = divmod(wei, 10**_GWEI_PLACES)
    return f"{whole}.{rest:0{_GWEI_PLACES}d}".rstrip("0").rstrip(".") + " gwei"


def rough_gwei(wei: int) -> str:
    """Return a price of gas to three digits, rounded up."""
    unit = 10 ** max(0, len(str(wei)) - 3)
    return gwei(-(-wei // unit) * unit)


def percent(part: float, whole: float) -> str:
    """Return a share rounded down: "< 1 %" is more than nothing, and "100 %" is all of it."""
    if part <= 0 or whole <= 0:
        return "0 %"
    share = min(100, int(100 * part // whole))
    return f"{share} %" if share else "< 1 %"


def duration(seconds: float) -> str:
    """Return a span in its largest unit: "3 s", "12 min", "5 h", "9 d". A negative span is "0 s"."""
    whole = max(0, int(seconds))
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if whole < limit:
            return f"{whole // size} {unit}"
    return f"{whole // 86_400} d"
