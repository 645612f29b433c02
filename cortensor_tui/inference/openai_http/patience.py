"""How long a model server may take for what."""

from __future__ import annotations

import msgspec


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, save `misses`.

    A server is looked at every `poll_interval_s`, has `answer_s` to answer, and is given up after `misses`
    looks in a row without an answer: looks are counted, since a clock alone would condemn it after this
    process was stopped. A run is given up after `stall_s` without anything new; once its answer is whole, the
    server has `counts_s` to say what it counted. A server that is busy is asked again with pauses from
    `first_pause_s` on, for `busy_s` in all.
    """

    poll_interval_s: float = 2.0
    answer_s: float = 5.0
    misses: int = 3
    stall_s: float = 300.0
    counts_s: float = 2.0
    first_pause_s: float = 0.5
    longest_pause_s: float = 15.0
    busy_s: float = 300.0
