"""What docs/benchmarks.md says of each benchmark's figures, held against those that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

from benchmarks.machine import Machine
from benchmarks.processes import REPOSITORY
from benchmarks.report import Figures

MACHINE = Machine(
    measured_at="2026-01-02T03:04:05Z", cpu="a processor", cores=2, memory_gib=8.0, load_1m=0.1,
    python="3.11", llama_cpp_python="0.3", anvil="1",
)  # fmt: skip
_TYPES = {"number": (int, float), "integer": (int,), "text": (str,)}


def first_figures() -> dict[str, str]:
    """Return those of `make bench`, which stand before the chapter on the dashboard, each with its kind."""
    return _kinds_in(_page().partition("\n## The dashboard\n")[0])


def figures_of(chapter: str) -> dict[str, str]:
    """Return the figures that a chapter names, each with its kind."""
    return _kinds_in(_page().partition(f"\n## {chapter}\n")[2].partition("\n### ")[0])


def check_figures(found: Figures, documented: Mapping[str, str], goals: Iterable[str] = ()) -> None:
    """Assert that these are the documented figures, each of its kind, and that every goal is one of them."""
    assert set(found) == set(documented)
    for key, kind in documented.items():
        assert isinstance(found[key], _TYPES[kind]), key
    assert set(goals) <= set(found)


def without_machine(found: Figures) -> Figures:
    """Return the figures but for those of the machine, which are documented once."""
    return {key: value for key, value in found.items() if key not in msgspec.to_builtins(MACHINE)}


def _page() -> str:
    return (REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def _kinds_in(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.MULTILINE))
