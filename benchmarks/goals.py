"""Goals for figures, and how figures over several rounds are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from benchmarks.report import Figures


class Goal(msgspec.Struct, frozen=True):
    """A bound on one figure; the unit is for people."""

    bound: float
    unit: str = ""
    is_least: bool = False

    def is_met(self, value: float) -> bool:
        """Tell whether a figure is within the bound."""
        return value >= self.bound if self.is_least else value <= self.bound


def over_rounds(name: str, values: Sequence[float]) -> Figures:
    """Return the median of one value a round under the name, with its spread and how many beside it."""
    return {
        name: rounded(median(values)),
        f"{name}_min": rounded(min(values)),
        f"{name}_max": rounded(max(values)),
        f"{name}_rounds": len(values),
    }


def rounded(value: float) -> float:
    """Return what is written down of a value."""
    return round(value, 4)


def goal_rows(of: Figures, goals: Mapping[str, Goal]) -> list[str]:
    """Return a heading and a line for each goal: the figure, the goal, and the spread beside it."""
    rows = [f"{'figure':<24}{'value':>12}   {'goal':<16}spread"]
    for name, goal in goals.items():
        value = float(of[name])
        sign = ">=" if goal.is_least else "<="
        met = "met" if goal.is_met(value) else "MISSED"
        told, bound = f"{value:.4g} {goal.unit}", f"{sign} {goal.bound:g} {met}"
        rows.append(f"{name:<24}{told:>12}   {bound:<16}{_spread(of, name)}".rstrip())
    return rows


def _spread(of: Figures, name: str) -> str:
    if f"{name}_rounds" in of:
        return f"{of[f'{name}_min']:.4g} to {of[f'{name}_max']:.4g} in {of[f'{name}_rounds']} rounds"
    stem = name.removesuffix("_p95")
    if f"{stem}_presses" in of:
        return f"half within {of[f'{stem}_p50']:.4g}, all within {of[f'{stem}_max']:.4g}"
    return ""
