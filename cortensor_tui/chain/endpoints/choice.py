"""Which endpoint is asked: decisions over what is known of each, nothing here waits or asks."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

MOST_BLOCKS_BEHIND = 5
FAIL_BACK_S = 30.0  # so long an earlier endpoint must have been well before it is trusted again
SLOW_MS = 2_000.0


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint as the choice sees it; they stand in the order of the settings.

    `is_open` says that it may be asked and is of the right chain. `well_since` is monotonic seconds, None
    while it is not known to be well.
    """

    is_open: bool
    is_stale: bool = False
    head: int | None = None
    latency_ms: float | None = None
    well_since: float | None = None


class Comparison(msgspec.Struct, frozen=True):
    """An endpoint's head beside the best head known at the same moment."""

    own: int
    best: int


def choose(standings: Sequence[Standing], in_use: int, now: float) -> int:
    """Return the endpoint to use from now on; the one in use keeps its place where nothing is better."""
    order = ranked(standings, in_use)
    if not order:
        return in_use
    if order[0] != in_use:
        return order[0]
    for earlier in order[1:]:
        standing = standings[earlier]
        is_well = standing.well_since is not None and now - standing.well_since >= FAIL_BACK_S
        if earlier < in_use and is_well and not _is_held_back(standing):
            return earlier
    return in_use


def ranked(standings: Sequence[Standing], in_use: int) -> list[int]:
    """Return those that may be asked, best first.

    Current before stale, quick before slow, the one in use, the highest head, the order of the settings.
    """
    heads = [one.head for one in standings if one.is_open and one.head is not None]
    best = max(heads, default=0)

    def place(index: int) -> tuple[bool, bool, bool, bool, int]:
        standing = standings[index]
        is_behind = standing.head is None or best - standing.head > MOST_BLOCKS_BEHIND
        return standing.is_stale, _is_slow(standing), index != in_use, is_behind, index

    return sorted((index for index, one in enumerate(standings) if one.is_open), key=place)


def is_stale(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether an endpoint's head stays behind, from its last two comparisons.

    Far behind twice, or behind twice without having moved between: on a chain with slow blocks a few blocks
    are a long time.
    """
    if len(comparisons) < 2:
        return False
    earlier, later = comparisons[-2], comparisons[-1]
    if is_far_behind(earlier) and is_far_behind(later):
        return True
    return earlier.own == later.own and earlier.best < later.best and later.own < earlier.best


def is_far_behind(comparison: Comparison) -> bool:
    """Tell whether this comparison alone is a reason to look again soon."""
    return comparison.best - comparison.own > MOST_BLOCKS_BEHIND


def _is_slow(standing: Standing) -> bool:
    return standing.latency_ms is not None and standing.latency_ms > SLOW_MS


def _is_held_back(standing: Standing) -> bool:
    return standing.is_stale or _is_slow(standing)
