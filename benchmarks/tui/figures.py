"""The dashboard's figures, as a table for people and flat JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.goals import Goal, goal_rows, over_rounds, rounded
from benchmarks.machine import Machine
from benchmarks.report import Figures, percentile
from benchmarks.tui.attached import WatchedPair
from benchmarks.tui.big import Big
from benchmarks.tui.resting import Rest
from benchmarks.tui.starting import Starts
from benchmarks.tui.streaming import Streaming

GOALS = {
    "first_paint_ratio": Goal(1.6),
    "live_data_s": Goal(0.3, "s"),
    "idle_bytes_per_s": Goal(300, "B/s"),
    "idle_cpu_pct": Goal(1, "%"),
    "live_bytes_per_s": Goal(6000, "B/s"),
    "live_cpu_pct": Goal(8, "%"),
    "key_ms_p95": Goal(20, "ms"),
    "slow_link_key_ms_p95": Goal(300, "ms"),
    "rss_mb": Goal(70, "MB"),
    "big_rss_mb": Goal(80, "MB"),
    "big_key_ms_p95": Goal(30, "ms"),
    "decode_ratio_attached": Goal(0.98, is_least=True),
    "hangup_exit_s": Goal(5, "s"),
}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured."""

    starts: Starts
    rest: Rest
    streaming: Streaming
    big: Big
    pairs: Sequence[WatchedPair]
    exits_s: Sequence[float]


def figures(machine: Machine, measured: Measured) -> Figures:
    """Return every figure under the name that docs/benchmarks.md explains."""
    live, big = measured.streaming, measured.big
    big_keys = {name: percentile(values, 95) for name, values in big.key_ms.items()}
    slowest = max(big_keys, key=lambda name: big_keys[name])
    return {
        **over_rounds("first_paint_ratio", measured.starts.ratios),
        "first_paint_ms": rounded(1000 * median(measured.starts.first_s)),
        "first_paint_bare_ms": rounded(1000 * median(measured.starts.bare_s)),
        **over_rounds("live_data_s", measured.starts.live_data_s),
        **over_rounds("idle_bytes_per_s", measured.rest.bytes_per_s),
        **over_rounds("idle_cpu_pct", measured.rest.cpu_pct),
        "idle_dashboard_cpu_pct": rounded(median(measured.rest.dashboard_cpu_pct)),
        "idle_node_cpu_pct": rounded(median(measured.rest.node_cpu_pct)),
        **over_rounds("live_bytes_per_s", live.bytes_per_s),
        **over_rounds("live_cpu_pct", live.cpu_pct),
        **_over_presses("key_ms", live.key_ms),
        **_over_presses("slow_link_key_ms", live.slow_link_key_ms),
        "rss_mb": rounded(max(measured.rest.rss_mb, live.rss_mb)),
        "big_rss_mb": rounded(big.rss_mb),
        **_over_presses("big_key_ms", big.key_ms[slowest]),
        "big_key_list": slowest,
        **over_rounds("decode_ratio_attached", [pair.ratio for pair in measured.pairs]),
        "decode_watched_tokens_per_s": rounded(median(pair.watched for pair in measured.pairs)),
        "decode_unwatched_tokens_per_s": rounded(median(pair.alone for pair in measured.pairs)),
        **over_rounds("hangup_exit_s", measured.exits_s),
        **msgspec.to_builtins(machine),
    }


def _over_presses(name: str, values: Sequence[float]) -> Figures:
    return {
        f"{name}_p95": rounded(percentile(values, 95)),
        f"{name}_p50": rounded(percentile(values, 50)),
        f"{name}_max": rounded(max(values)),
        f"{name}_presses": len(values),
    }


def table(of: Figures) -> str:
    """Return the figures as lines: each with its goal, and its spread beside it."""
    head = f"{of['cpu']}, {of['cores']} cores, load {of['load_1m']} at the start, Python {of['python']}"
    return "\n".join([head, "", *goal_rows(of, GOALS)])
