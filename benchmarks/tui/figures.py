"""The dashboard's figures, as a table for people and flat JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.machine import Machine
from benchmarks.report import Figures, percentile
from benchmarks.tui.attached import WatchedPair
from benchmarks.tui.big import Big
from benchmarks.tui.resting import Rest
from benchmarks.tui.starting import Starts
from benchmarks.tui.streaming import Streaming


class Goal(msgspec.Struct, frozen=True):
    """A bound on one figure; the unit is for people."""

    bound: float
    unit: str = ""
    is_least: bool = False

    def is_met(self, value: float) -> bool:
        """Tell whether a figure is within the bound."""
        return value >= self.bound if self.is_least else value <= self.bound


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
        **_over_rounds("first_paint_ratio", measured.starts.ratios),
        "first_paint_ms": _rounded(1000 * median(measured.starts.first_s)),
        "first_paint_bare_ms": _rounded(1000 * median(measured.starts.bare_s)),
        **_over_rounds("live_data_s", measured.starts.live_data_s),
        **_over_rounds("idle_bytes_per_s", measured.rest.bytes_per_s),
        **_over_rounds("idle_cpu_pct", measured.rest.cpu_pct),
        "idle_dashboard_cpu_pct": _rounded(median(measured.rest.dashboard_cpu_pct)),
        "idle_node_cpu_pct": _rounded(median(measured.rest.node_cpu_pct)),
        **_over_rounds("live_bytes_per_s", live.bytes_per_s),
        **_over_rounds("live_cpu_pct", live.cpu_pct),
        **_over_presses("key_ms", live.key_ms),
        **_over_presses("slow_link_key_ms", live.slow_link_key_ms),
        "rss_mb": _rounded(max(measured.rest.rss_mb, live.rss_mb)),
        "big_rss_mb": _rounded(big.rss_mb),
        **_over_presses("big_key_ms", big.key_ms[slowest]),
        "big_key_list": slowest,
        **_over_rounds("decode_ratio_attached", [pair.ratio for pair in measured.pairs]),
        "decode_watched_tokens_per_s": _rounded(median(pair.watched for pair in measured.pairs)),
        "decode_unwatched_tokens_per_s": _rounded(median(pair.alone for pair in measured.pairs)),
        **_over_rounds("hangup_exit_s", measured.exits_s),
        **msgspec.to_builtins(machine),
    }


def _over_rounds(name: str, values: Sequence[float]) -> Figures:
    return {
        name: _rounded(median(values)),
        f"{name}_min": _rounded(min(values)),
        f"{name}_max": _rounded(max(values)),
        f"{name}_rounds": len(values),
    }


def _over_presses(name: str, values: Sequence[float]) -> Figures:
    return {
        f"{name}_p95": _rounded(percentile(values, 95)),
        f"{name}_p50": _rounded(percentile(values, 50)),
        f"{name}_max": _rounded(max(values)),
        f"{name}_presses": len(values),
    }


def _rounded(value: float) -> float:
    return round(value, 4)


def table(of: Figures) -> str:
    """Return the figures as lines: each with its goal, and its spread beside it."""
    rows = [f"{'figure':<24}{'value':>12}   {'goal':<16}spread"]
    for name, goal in GOALS.items():
        value = float(of[name])
        sign = ">=" if goal.is_least else "<="
        met = "met" if goal.is_met(value) else "MISSED"
        told, bound = f"{value:.4g} {goal.unit}", f"{sign} {goal.bound:g} {met}"
        rows.append(f"{name:<24}{told:>12}   {bound:<16}{_spread(of, name)}")
    head = f"{of['cpu']}, {of['cores']} cores, load {of['load_1m']} at the start, Python {of['python']}"
    return "\n".join([head, "", *(row.rstrip() for row in rows)])


def _spread(of: Figures, name: str) -> str:
    if f"{name}_rounds" in of:
        return f"{of[f'{name}_min']:.4g} to {of[f'{name}_max']:.4g} in {of[f'{name}_rounds']} rounds"
    stem = name.removesuffix("_p95")
    if f"{stem}_presses" in of:
        return f"half within {of[f'{stem}_p50']:.4g}, all within {of[f'{stem}_max']:.4g}"
    return ""
